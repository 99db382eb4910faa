/** From intervals to verdicts. The rules, which are ranges, are fixed before the runs are made. */
import type { Average, RankCorrelation } from '../dynamics/index.js';
import type { Verdict } from '../report/index.js';

/** Values between two bounds, both excluded; a bound that is left out is infinite. */
export interface Range {
  above?: number;
  below?: number;
}

/**
 * The verdict on one value. `holds`: where the value lies if the claim is true; `fails`: where it lies if the claim is false. The whole
 * interval has to lie in one range; an interval that lies in both is contradicted, because the smallest effect that the claim
 * needs is excluded. A single repetition (`n` of 1) resolves nothing: its interval holds within that run only.
 */
export function verdictOf(
  { interval: [low, high], n }: Pick<Average | RankCorrelation, 'interval' | 'n'>,
  holds: readonly Range[],
  fails: readonly Range[],
): Verdict {
  const inside = (ranges: readonly Range[]) =>
    ranges.some(
      ({ above = Number.NEGATIVE_INFINITY, below = Number.POSITIVE_INFINITY }) => low > above && high < below,
    );
  if (n < 2) return 'not resolved';
  if (inside(fails)) return 'contradicted';
  return inside(holds) ? 'reproduced' : 'not resolved';
}

const count = (verdicts: readonly Verdict[], one: Verdict) => verdicts.filter((v) => v === one).length;

/** Of a claim that every part has to show: one contradicted part contradicts it. */
export function allOf(verdicts: readonly Verdict[]): Verdict {
  if (count(verdicts, 'contradicted') > 0) return 'contradicted';
  return verdicts.length > 0 && count(verdicts, 'reproduced') === verdicts.length ? 'reproduced' : 'not resolved';
}

/** Of a claim that most parts have to show: the verdict of more than half of them. */
export function mostOf(verdicts: readonly Verdict[]): Verdict {
  const most = (['reproduced', 'contradicted'] as const).find((one) => 2 * count(verdicts, one) > verdicts.length);
  return most ?? 'not resolved';
}
