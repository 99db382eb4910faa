/** The results of a run in sentences that claim no more than the numbers do. */

import type { StealthResult } from '../dynamics/stealth.js';
import { count, decimal, percent, rate } from './format.js';
import { className } from './groups.js';
import type { RunReport } from './types.js';

/** What was done and what the model does: attack, data set, accuracy, attack success. */
export function outcome(report: RunReport): string {
  const last = report.epochs[report.epochs.length - 1];
  const trained = last ? `after ${count(last.epoch, 'epoch')} ` : '';
  const accuracy = last ? `${report.model} classifies ${percent(last.testAccuracy)} of the test images correctly` : '';
  if (!report.poisoned) {
    return last
      ? `Nothing is poisoned: on ${report.dataset}, ${trained}${accuracy}.`
      : `Nothing is poisoned on ${report.dataset}; no epoch has been trained yet.`;
  }
  const share = report.poisonRate === null ? '' : ` at a poison rate of ${rate(report.poisonRate)}`;
  const attack = `${report.attack} on ${report.dataset}${share}, target ${className(report.target, report)}`;
  if (!last) return `${attack}: no epoch has been trained yet.`;
  const success =
    last.asr === null
      ? ''
      : `, and as the target class ${percent(last.asr)} of the triggered test images of other classes`;
  return `${attack}: ${trained}${accuracy}${success}.`;
}

/** Level below which p speaks of a difference. */
const LEVEL = 0.05;

/** p as a text: three decimals, or a power of ten where these would be 0. */
export const chanceText = (p: number | null | undefined): string =>
  typeof p === 'number' && p < 0.0005 ? p.toExponential(0) : decimal(p, 3);

/** What p of resolved information says: it comes from the integration gap, so S's own range does not decide. */
function resolvedVerdict({ p, rank, null: range }: StealthResult, report: Pick<RunReport, 'poisoned'>): string {
  if (p === null || !range) return 'The clean classes do not suffice for p.';
  const gap = report.poisoned
    ? 'poisoned and clean samples of the target class'
    : 'the random subset and the rest of its class';
  const evidence = `p = ${chanceText(p)} by the law of ${count(range.draws, 'draw')} of the null${p < 0.005 ? ', an extrapolation' : ''}; rank ${decimal(rank, 3)}`;
  return p < LEVEL
    ? `Information flows differently through ${gap} than through two halves of a clean class (${evidence}).`
    : `Between ${gap} this run shows no difference beyond that of two halves of a clean class (${evidence}).`;
}

/** The command that shows how far a score moves from seed to seed. */
export const SEEDS_COMMAND = 'ibscope run … --seeds 0-4';

/** What the stealth score says, and how sure one can be. */
export function verdict(stealth: StealthResult | null, report: Pick<RunReport, 'poisoned'>): string {
  if (!stealth) return 'The stealth score was not computed.';
  if (stealth.score === null) return `There is no stealth score: ${stealth.reason}.`;
  const score = `The stealth score is ${decimal(stealth.score, 2)} (1: poisoned samples flow as clean ones do)`;
  if (!stealth.null) return `${score}. Without a null, noise cannot be ruled out.`;
  const { low, high, draws } = stealth.null;
  const range = `${decimal(low, 2)} to ${decimal(high, 2)}`;
  if (stealth.null.gapsByClass) return `${score}. ${resolvedVerdict(stealth, report)}`;
  const p = `p = ${decimal(stealth.p, 3)}${stealth.p === 1 / (1 + draws) ? `, the smallest value that ${count(draws, 'draw')} can give` : ''}`;
  const who = report.poisoned ? 'the target class' : 'the class in the role of the target';
  if (stealth.score < low) {
    return `${score}, below the range of clean classes in the same run (${range}; ${p}): information flows differently through ${who}.`;
  }
  const place = stealth.score > high ? 'above' : 'inside';
  return `${score}, ${place} the range of clean classes in the same run (${range}; ${p}): this run gives no evidence that information flows differently through ${who}.`;
}
