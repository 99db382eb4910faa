/**
 * From one number per class to a p-value per class: is a class further from all others than they are from one another? The null is
 * Student's prediction interval of one more clean class, from the others alone, and so as fine as its tail; it says nothing
 * about the class's size, which no signal depends on in the mean.
 */
import { studentCdf } from '../dynamics/student.js';

/** Classes besides the one in question without which nothing can be said. */
export const FEWEST_OTHERS = 3;

/**
 * P of a value as far up (`upper`) or out (`both`) as each class's, if it were one more of the others: t = (x − mean) / (s √(1 + 1/m))
 * with m − 1 degrees of freedom. 1 where a value is missing, or fewer than three others have one. `floor`: standard deviation that
 * classes have at least, so that a chance agreement of the others is no evidence; `errors`: standard error of each value, which
 * widens its interval.
 */
export function outlyingness(
  values: readonly number[],
  tail: 'upper' | 'both',
  { floor = 0, errors }: { floor?: number; errors?: ArrayLike<number> } = {},
): number[] {
  return values.map((x, c) => {
    const others = values.filter((v, k) => k !== c && Number.isFinite(v));
    if (!Number.isFinite(x) || others.length < FEWEST_OTHERS) return 1;
    const m = others.length;
    const mean = others.reduce((a, b) => a + b, 0) / m;
    const s = Math.sqrt(others.reduce((a, b) => a + (b - mean) ** 2, 0) / (m - 1));
    const t = (x - mean) / Math.hypot(Math.max(s, floor) * Math.sqrt(1 + 1 / m), errors?.[c] ?? 0);
    if (Number.isNaN(t)) return 1;
    if (!Number.isFinite(t)) return tail === 'upper' && t < 0 ? 1 : 0;
    return tail === 'upper' ? studentCdf(-t, m - 1) : 2 * studentCdf(-Math.abs(t), m - 1);
  });
}

/** Weighted Bonferroni: the smallest p over its weight, weights summing to 1; above 1 is 1. Holds whatever the signals have to do with each other. */
export function combined(ps: readonly { p: number; weight: number }[]): number {
  return Math.min(...ps.map(({ p, weight }) => p / weight));
}

/** Holm's adjustment over classes, so that the chance that any clean class of a set is called suspicious is the level. */
export function holm(ps: readonly number[]): number[] {
  const order = [...ps.keys()].sort((a, b) => ps[a] - ps[b]);
  const out = new Array<number>(ps.length).fill(1);
  let least = 0;
  order.forEach((c, rank) => {
    least = Math.max(least, Math.min(1, ps[c] * (ps.length - rank)));
    out[c] = least;
  });
  return out;
}
