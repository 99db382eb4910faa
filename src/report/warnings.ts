/** What a reader has to know before relying on the numbers, as sentences. */

import { processingInequality } from '../dynamics/processing-inequality.js';
import { momentText } from './figures/time-axis.js';
import { count, decimal } from './format.js';
import { groupStyle } from './groups.js';
import type { RunReport } from './types.js';

/** The run's own warnings, and those that follow from its tables. */
export function reportWarnings(report: RunReport): string[] {
  const rows = report.information;
  const found = [
    ...unlearned(report),
    ...report.warnings,
    ...(report.stealth?.notes ?? []).map((n) => `Stealth score: ${n}.`),
  ];
  const saturated = rows.filter((r) => r.saturated);
  if (saturated.length > 0) {
    const which = [...new Set(saturated.map((r) => r.quantity))].join(', ');
    found.push(
      `${count(saturated.length, 'estimate')} of ${rows.length} (${which}) are saturated, within 5 % of their ceiling: the true value may be larger.`,
    );
  }
  const open = rows.filter((r) => r.converged === false);
  if (open.length > 0) {
    const which = [...new Set(open.map((r) => r.quantity))].join(', ');
    const scored = open.some((r) => r.quantity === 'I(X;T)' || r.quantity === 'I(T;Ŷ)');
    const aside = scored ? '' : '; the score does not use them';
    found.push(
      `${count(open.length, 'estimate')} of ${rows.length} (${which}) come from a critic that had not converged${aside}.`,
    );
  }
  const inequality = processingInequality(rows);
  if (inequality.beyondNoise > 0) {
    const [worst] = inequality.violations;
    found.push(
      `The true values satisfy I(X;Ŷ) ≤ I(X;T). ${inequality.violations.length} of ${inequality.pairs} pairs of estimates violate it, ${inequality.beyondNoise} of them beyond noise; the largest by ${decimal(worst.excess)} nats (group ${worst.group}, ${momentText(worst.epoch, report)}).`,
    );
  }
  const shown = rows.filter((r) => groupStyle(r.group, report));
  const small = [...new Set(shown.filter((r) => r.samples < 100).map((r) => r.group))];
  if (small.length > 0) found.push(`Under 100 samples, not to be compared with others: ${small.join(', ')}.`);
  return [...new Set(found)];
}

/** The score of a model that has not learned its data or its backdoor says little about stealth. */
function unlearned({ poisoned, epochs, classNames }: RunReport): string[] {
  const last = epochs.at(-1);
  if (!last) return [];
  const chance = 1 / (classNames?.length ?? last.classAccuracy.length);
  const [asr, accuracy] = [last.asr, last.testAccuracy].map((x) => x !== null && `${Math.round(100 * x)} %`);
  if (accuracy && last.testAccuracy < 2 * chance)
    return [`The model has hardly learned (clean accuracy ${accuracy}): the score says nothing yet.`];
  if (poisoned && asr && last.asr! < 0.5)
    return [`The backdoor was not learned (attack success rate ${asr}): the score says little about its stealth.`];
  return [];
}

/** Why runs may not be comparable: the settings in which their estimates differ and that estimates depend on. */
export function footingWarnings(reports: readonly Pick<RunReport, 'information' | 'target'>[]): string[] {
  const kinds: [string, (r: RunReport['information'][number]) => string | number][] = [
    ['estimators', (r) => r.estimator],
    ['sample counts', (r) => r.samples],
    ['noise draws', (r) => r.draws],
    ['ceilings (numbers of candidates)', (r) => `${r.quantity} ${decimal(r.ceiling, 2)}`],
    ['checkpoints', (r) => r.epoch],
    ['magnifications κ', (r) => `${r.quantity} ${r.kappa}`],
  ];
  const differing = kinds.filter(([, value]) => {
    const sets = reports.map((report) => {
      const rows = report.information.filter((r) =>
        ['backdoor', 'clean', 'all'].some((g) => r.group === `${report.target}/${g}`),
      );
      return [...new Set(rows.map(value))].sort().join();
    });
    return new Set(sets).size > 1;
  });
  if (differing.length === 0) return [];
  const names = differing.map(([name]) => name).join(', ');
  return [
    `The runs are not on equal footing: their ${names} differ, and estimates and their averages depend on these.`,
  ];
}
