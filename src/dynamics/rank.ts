/** Kendall's rank correlation of a few items, with an interval and an exact p, and the area under the ROC curve with its error. */
import { Rng } from '../base/random.js';
import { mean } from './trajectory.js';

/** Kendall's τ_b of two orders, with its interval and p. */
export interface RankCorrelation {
  /** Kendall's τ_b, −1 … 1; NaN if one order is constant or there are fewer than two items. */
  tau: number;
  /** 95 % interval; [−1, 1] for four items or fewer, for which the variance formula does not hold. */
  interval: [number, number];
  /** Two-sided permutation p: exact for up to eight items, from 10 000 random permutations for more. */
  p: number;
  /** Number of items. */
  n: number;
}

/** Kendall's τ_b of paired values, corrected for ties (Kendall 1945). */
export function kendallTau(a: readonly number[], b: readonly number[]): number {
  let concordance = 0;
  let untiedA = 0;
  let untiedB = 0;
  for (let i = 0; i < a.length; i++)
    for (let j = 0; j < i; j++) {
      const [x, y] = [Math.sign(a[i] - a[j]), Math.sign(b[i] - b[j])];
      concordance += x * y;
      untiedA += x * x;
      untiedB += y * y;
    }
  return untiedA > 0 && untiedB > 0 ? concordance / Math.sqrt(untiedA * untiedB) : Number.NaN;
}

/**
 * τ_b with an interval by Fisher's transformation, with the variance 0.437 / (n − 4) for Kendall's τ (Fieller, Hartley and Pearson
 * 1957). `seed` is for the random permutations of more than eight items.
 */
export function rankCorrelation(a: readonly number[], b: readonly number[], seed = 0): RankCorrelation {
  const n = a.length;
  const tau = kendallTau(a, b);
  if (!Number.isFinite(tau)) return { tau, interval: [-1, 1], p: 1, n };
  const half = n > 4 ? 1.96 * Math.sqrt(0.437 / (n - 4)) : Number.POSITIVE_INFINITY;
  // |τ| = 1 has an infinite transform. It is limited to the τ of one discordant pair.
  const most = 1 - 4 / (n * (n - 1));
  const at = (side: number) => Math.tanh(Math.atanh(Math.max(-most, Math.min(most, tau))) + side * half);
  const interval: [number, number] = n > 4 ? [at(-1), at(1)] : [-1, 1];
  return { tau, interval, p: permutationP(a, b, Math.abs(tau), seed), n };
}

/** Items up to which all permutations are tried: 8! = 40 320. */
const EXACT = 8;
const PERMUTATIONS = 10_000;

function permutationP(a: readonly number[], b: readonly number[], reached: number, seed: number): number {
  let as = 0;
  let all = 0;
  const count = (order: readonly number[]) => {
    all++;
    if (
      Math.abs(
        kendallTau(
          a,
          order.map((i) => b[i]),
        ),
      ) >=
      reached - 1e-12
    )
      as++;
  };
  const items = a.map((_, i) => i);
  if (a.length <= EXACT) {
    permutations(items, count);
    return as / all;
  }
  const rng = new Rng(seed, 'permutations');
  for (let k = 0; k < PERMUTATIONS; k++) count([...rng.permutation(items.length)]);
  return (1 + as) / (1 + all);
}

function permutations(rest: readonly number[], each: (order: readonly number[]) => void, head: number[] = []): void {
  if (rest.length === 0) each(head);
  rest.forEach((item, i) => {
    permutations([...rest.slice(0, i), ...rest.slice(i + 1)], each, [...head, item]);
  });
}

/** How well a score separates positives from negatives. */
export interface Auroc {
  /** Probability that a random positive scores higher than a random negative; ties count half. 0.5 is chance. */
  auroc: number;
  standardError: number;
  positives: number;
  negatives: number;
}

/**
 * Area under the ROC curve, with its standard error by DeLong, DeLong and Clarke-Pearson 1988. Scores that are not finite are ignored.
 * Null without at least one positive and one negative.
 */
export function auroc(scores: ArrayLike<number>, positive: ArrayLike<number | boolean>): Auroc | null {
  const of = (kind: boolean) =>
    Array.from(scores)
      .filter((s, i) => Number.isFinite(s) && Boolean(positive[i]) === kind)
      .sort((a, b) => a - b);
  const [yes, no] = [of(true), of(false)];
  if (yes.length === 0 || no.length === 0) return null;
  const above = yes.map((v) => below(no, v));
  const under = no.map((v) => 1 - below(yes, v));
  const spread = (values: number[]) => {
    const m = mean(values);
    return values.length > 1 ? values.reduce((s, v) => s + (v - m) ** 2, 0) / (values.length - 1) / values.length : 0;
  };
  return {
    auroc: mean(above),
    standardError: Math.sqrt(spread(above) + spread(under)),
    positives: yes.length,
    negatives: no.length,
  };
}

/**
 * Share of the positives that score above all but the share `fpr` of the negatives: the true positive rate at that false positive rate. Ties
 * count against it. Null without at least one positive and one negative.
 */
export function tprAt(scores: ArrayLike<number>, positive: ArrayLike<number | boolean>, fpr: number): number | null {
  const of = (kind: boolean) => Array.from(scores).filter((_, i) => Boolean(positive[i]) === kind);
  const [yes, no] = [of(true), of(false).sort((a, b) => b - a)];
  if (yes.length === 0 || no.length === 0) return null;
  const threshold = no[Math.floor(fpr * no.length)] ?? Number.NEGATIVE_INFINITY;
  return yes.filter((v) => v > threshold).length / yes.length;
}

/** Share of the sorted values below `v`; ties count half. */
function below(sorted: readonly number[], v: number): number {
  return (first(sorted, (x) => x >= v) + first(sorted, (x) => x > v)) / 2 / sorted.length;
}

/** Index of the first sorted value for which `test` holds; `test` must then hold for all later values. */
function first(sorted: readonly number[], test: (x: number) => boolean): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (test(sorted[middle])) high = middle;
    else low = middle + 1;
  }
  return low;
}
