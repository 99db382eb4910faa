/**
 * From one number per class to a p-value per class: is a class further from all others than they are from one another? The null is
 * Student's prediction interval of one more clean class, estimated from the others, and where it is known from clean sets. Several
 * outlying classes, each of which widens the spread that the others are compared with, are found as in the generalised ESD test
 * (Rosner 1983, Technometrics 25:165). It says nothing about the size of a class; no signal depends on that in the mean.
 */
import { studentCdf } from '../dynamics/student.js';

/** Other classes that a class is compared with at least: their spread has n − 1 degrees of freedom, and under two it says nothing. */
export const FEWEST_OTHERS = 3;

/** A signal: a value per class (NaN if it could not be measured), and the p-value of each. */
export interface PerClass {
  values: number[];
  p: number[];
}

/** What is known of the spread of clean classes, besides the other classes of the set. */
export interface Spread {
  /** Lower limit on their standard deviation, so that others that agree by chance are no evidence. */
  floor?: number;
  /** Standard error of each value, which widens its interval. */
  errors?: ArrayLike<number>;
  /** Standard deviation of the classes of clean sets, and the degrees of freedom for which it counts beside those of the set. */
  clean?: { sd: number; freedom: number };
}

/**
 * P-value of each class's value against those of the others, in the upper tail or in both: t = (x − mean) / √(s²(1 + 1/m) + error²).
 * s² is the variance of the m others with m − 1 degrees of freedom, pooled with that of clean sets (the moderated t of Smyth 2004, Stat. Appl.
 * Genet. Mol. Biol. 3:3), whose degrees of freedom are added. 1 if a value is missing, or fewer than three others have one.
 */
export function outlyingness(
  values: readonly number[],
  tail: 'upper' | 'both',
  { floor = 0, errors, clean = { sd: 0, freedom: 0 } }: Spread = {},
): number[] {
  return values.map((x, c) => {
    const others = values.filter((v, k) => k !== c && Number.isFinite(v));
    if (!Number.isFinite(x) || others.length < FEWEST_OTHERS) return 1;
    const m = others.length;
    const mean = others.reduce((a, b) => a + b, 0) / m;
    const freedom = m - 1 + clean.freedom;
    const squares = others.reduce((a, b) => a + (b - mean) ** 2, 0) + clean.freedom * clean.sd ** 2;
    const s = Math.sqrt(squares / freedom);
    const t = (x - mean) / Math.hypot(Math.max(s, floor) * Math.sqrt(1 + 1 / m), errors?.[c] ?? 0);
    if (Number.isNaN(t)) return 1;
    if (!Number.isFinite(t)) return tail === 'upper' && t < 0 ? 1 : 0;
    return tail === 'upper' ? studentCdf(-t, freedom) : 2 * studentCdf(-Math.abs(t), freedom);
  });
}

/** Factor by which the evidence for each further outlying class is discounted; the levels of all numbers of classes then sum to at most twice the first. */
const DISCOUNT = 2;

/**
 * P-value of each class for the set as a whole: the chance that a clean set has a class this far out, corrected for the number of
 * classes. The class furthest out is compared with all others, the next with those that are left, and so on; classes are outlying
 * together if any of these steps says so, whatever the steps before it say. At step i with m classes left, p is that of `outlyingness`
 * times m·`DISCOUNT`^(i−1). `values`, `tail` and what is known of the spread as there.
 */
export function outlyingClasses(values: readonly number[], tail: 'upper' | 'both', spread: Spread = {}): number[] {
  const out = new Array<number>(values.length).fill(1);
  let left = [...values.keys()].filter((c) => Number.isFinite(values[c]));
  const removed: { c: number; p: number }[] = [];
  for (let step = 0; left.length > FEWEST_OTHERS; step++) {
    const ps = outlyingness(
      left.map((c) => values[c]),
      tail,
      { ...spread, errors: left.map((c) => spread.errors?.[c] ?? 0) },
    );
    const at = ps.indexOf(Math.min(...ps));
    removed.push({ c: left[at], p: Math.min(1, ps[at] * left.length * DISCOUNT ** step) });
    left = left.filter((_, k) => k !== at);
  }
  let least = 1;
  for (const { c, p } of removed.reverse()) {
    least = Math.min(least, p);
    out[c] = least;
  }
  return out;
}

/** Weighted Bonferroni: the smallest p over its weight, for weights that sum to 1; may exceed 1. Valid under any dependence of the signals. */
export function combined(ps: readonly { p: number; weight: number }[]): number {
  return Math.min(...ps.map(({ p, weight }) => p / weight));
}
