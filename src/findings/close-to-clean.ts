/** Under Adaptive Blend, I(T;Ŷ) of poisoned samples is close to that of clean ones. */
import { isClassGroup, nullHalf, nullHalfOf, partOf } from '../dynamics/group-id.js';
import {
  type Average,
  at,
  average,
  commonEpochs,
  type EstimateRow,
  epochAverage,
  mean,
  type StealthQuantity,
} from '../dynamics/index.js';
import { type Claim, ran } from './claim.js';
import { curvesOf } from './levels.js';
import type { Repeated } from './settings.js';
import { meanAsr, succeeds } from './success.js';
import { allOf, verdictOf } from './verdict.js';
import { number, withInterval } from './words.js';

/** Average |a − b| / mean level of two groups, as the score's integration gap has it. */
function gapOf(rows: readonly EstimateRow[], quantity: StealthQuantity, one: string, other: string): number | null {
  const curves = curvesOf(rows, quantity);
  const [a, b] = [one, other].map((g) => curves.find((c) => c.group === g));
  const others = curves.filter((c) => isClassGroup(c.group));
  if (!a || !b || others.length === 0) return null;
  const epochs = commonEpochs([a, b, ...others]);
  const [x, y, ...rest] = [a, b, ...others].map((c) => at(c, epochs));
  const level = epochAverage(
    epochs,
    epochs.map((_, i) => mean(rest.map((c) => c.values[i]))),
  );
  const gap = epochAverage(
    epochs,
    epochs.map((_, i) => Math.abs(x.values[i] - y.values[i])),
  );
  return level > 0 ? gap / level : null;
}

/**
 * Smallest effect of interest: a gap beyond what noise makes of a tenth of the clean classes' level. Less than that is close. The paper says
 * "close" and gives no size, so it is the size of every finding without one.
 */
export const INTEREST = 0.1;

/**
 * Gap in I(T;Ŷ) of `backdoor` against `clean` beyond what random halves of clean classes of the same run show, over seeds; null
 * where there is nothing to compare.
 */
function closeness({ runs, config }: Repeated, backdoor: string): Average | null {
  const found = runs.flatMap(({ report }) => {
    const rows = report.information;
    const gap = gapOf(rows, 'I(T;Ŷ)', `${config.target}/${backdoor}`, partOf(config.target, 'clean'));
    const halves = [...new Set(rows.map((r) => r.group))].map(nullHalfOf).filter((h) => h?.half === 'a');
    const nulls = halves.flatMap(
      (h) => gapOf(rows, 'I(T;Ŷ)', nullHalf(h!.class, 'a', h!.split), nullHalf(h!.class, 'b', h!.split)) ?? [],
    );
    if (gap === null || nulls.length < 2) return [];
    const m = mean(nulls);
    // A single gap scatters as those of the halves do.
    return [{ excess: gap - m, error: Math.sqrt(nulls.reduce((t, g) => t + (g - m) ** 2, 0) / (nulls.length - 1)) }];
  });
  if (found.length === 0) return null;
  return average(
    found.map((f) => f.excess),
    found.map((f) => f.error),
  );
}

/** The claim with the true groups, or with the authors' grouping, in which clean samples fill the group up. */
export const adaptiveBlendCloseToClean = (backdoor: 'backdoor' | 'authors'): Claim => ({
  claim: `Adaptive Blend: I(T;Ŷ) of poisoned samples is close to clean ones (${backdoor === 'backdoor' ? 'true groups' : 'the authors’ grouping'})`,
  missing: (setting) => (ran(setting, 'adaptive-blend') ? null : 'adaptive-blend'),
  /** The rule: the excess of the gap is below `INTEREST`, under every Adaptive Blend that succeeds. */
  judge(setting) {
    const own = setting.attacks.filter((a) => a.config.attack === 'adaptive-blend');
    const found = own.filter(succeeds).flatMap((a) => {
      const gap = closeness(a, backdoor);
      return gap ? [{ label: a.label, gap }] : [];
    });
    if (found.length === 0) {
      const asr = own.map((a) => number(meanAsr(a.runs))).join(', ');
      const evidence = own.some(succeeds)
        ? 'There are no halves of clean classes to compare with.'
        : `The attack does not succeed (ASR ${asr}).`;
      return { verdict: 'not resolved', evidence };
    }
    const words = found.map(({ label, gap }) => `${label} ${withInterval(gap)}`).join('; ');
    return {
      verdict: allOf(found.map(({ gap }) => verdictOf(gap, [{ below: INTEREST }], [{ above: INTEREST }]))),
      evidence: `The gap beyond that of random halves of clean classes, as a share of their level: ${words}. Up to ${INTEREST} counts as close.`,
    };
  },
});
