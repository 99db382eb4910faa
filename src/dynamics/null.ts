/**
 * The null of the stealth score inside one run: the same computation on clean classes. Each clean class k takes the place of the target
 * class; two disjoint random subsets of it (`k/null-a<s>`, `k/null-b<s>`) take the places of poisoned and clean samples; the other
 * clean classes give μ_q. The target class itself does not enter. Each class and split gives one draw.
 */

import { distance, integrationGap, type Lookup, stealthQuantities, type TimeAxis } from './distance.js';
import { nullHalf, nullHalfOf } from './group-id.js';
import { studentCdf, studentQuantile } from './student.js';
import { mean, type Trajectory } from './trajectory.js';

/** Distribution of the score where nothing is poisoned, from clean classes of the same run in the place of the target. */
export interface StealthNull {
  /** Mean of S over the draws. */
  mean: number;
  /** 95 % prediction interval for the score of one more class that is not poisoned: lower end. */
  low: number;
  /** Its upper end. */
  high: number;
  /** Number of draws, one per class and split. */
  draws: number;
  /** D of every draw. */
  distances: number[];
  /** S of every draw, in the order of `distances`. */
  scores: number[];
  /** Class and split of every draw, such as `3/null 0`. */
  labels: string[];
  /** Integration gaps of the draws by class, weighted over the quantities as in D; absent from scores of critics. */
  gapsByClass?: number[][];
}

export interface NullSettings {
  /** The clean classes that are compared, without the target class. */
  classes: readonly string[];
  epochs: readonly number[];
  beta: number;
  axis: TimeAxis;
  minimumSamples: number;
  curves: readonly Trajectory[];
}

/**
 * The null from all draws that the table holds; null if there is none. Adds a note on draws that cannot be used. Long because each
 * reason for leaving a draw out stands where it is found.
 */
export function nullDistribution(find: Lookup, settings: NullSettings, notes: string[]): StealthNull | null {
  const { classes, epochs, beta, axis, minimumSamples, curves } = settings;
  const splits = new Map<string, number[]>();
  for (const { group } of curves) {
    const found = nullHalfOf(group);
    if (found?.half !== 'a' || !classes.includes(found.class)) continue;
    const known = splits.get(found.class) ?? [];
    if (!known.includes(found.split)) splits.set(found.class, [...known, found.split]);
  }
  if (splits.size === 0) {
    notes.push('no halves of clean classes were estimated, so the score has no null');
    return null;
  }
  if (classes.length < 2) {
    notes.push('a null needs at least two clean classes');
    return null;
  }
  const draws: { label: string; group: string; distance: number; gap: number }[] = [];
  let incomplete = 0;
  for (const k of classes) {
    for (const split of (splits.get(k) ?? []).sort((a, b) => a - b)) {
      const halves = [nullHalf(k, 'a', split), nullHalf(k, 'b', split)];
      const needed = halves.flatMap((g) => stealthQuantities.map((q) => find(g, q)));
      const usable = needed.every((c) => c && c.samples >= minimumSamples && epochs.every((e) => c.epochs.includes(e)));
      const result =
        usable &&
        distance(
          (q) => ({
            backdoor: find(halves[0], q)!,
            clean: find(halves[1], q)!,
            all: find(k, q)!,
            others: classes.filter((o) => o !== k).map((o) => find(o, q)!),
          }),
          epochs,
          beta,
          axis,
        );
      if (result)
        draws.push({
          label: `${k}/null ${split}`,
          group: k,
          distance: result.distance,
          gap: integrationGap(result.parts, beta),
        });
      else incomplete++;
    }
  }
  if (incomplete > 0) {
    notes.push(
      `${incomplete} null ${incomplete === 1 ? 'draw' : 'draws'} left out: too few samples, or not estimated at every checkpoint of the score`,
    );
  }
  if (draws.length === 0) return null;
  const distances = draws.map((d) => d.distance);
  const scores = distances.map((d) => Math.exp(-d));
  // The interval needs the draws by class: draws of one class are not independent.
  const drawn = [...new Set(draws.map((d) => d.group))];
  const range = predictionRange(drawn.map((k) => draws.filter((d) => d.group === k).map((d) => d.distance)));
  if (drawn.length < 2) notes.push('the null comes from one class alone, so it does not show how much classes differ');
  return {
    mean: mean(scores),
    low: Math.exp(-range[1]),
    high: Math.exp(-range[0]),
    draws: draws.length,
    distances,
    scores,
    labels: draws.map((d) => d.label),
    gapsByClass: drawn.map((k) => draws.filter((d) => d.group === k).map((d) => d.gap)),
  };
}

/**
 * 95 % prediction interval of D for one draw from a new class, from draws grouped by class. Draws of one class are correlated, so log D
 * follows a one-way random-effects model, class plus split. Its prediction interval is
 *
 *   `mean ± t · √(between + within + variance of the mean)`
 *
 * with Satterthwaite's degrees of freedom for the sum of mean squares (Satterthwaite 1946; Lin and Liao, "Prediction
 * intervals for general balanced linear random models", 2008). With one split per class it is the ordinary t prediction interval.
 * Fewer than two classes do not bound a new one: the interval is [0, ∞].
 */
export function predictionRange(classes: readonly (readonly number[])[]): [number, number] {
  if (classes.length < 2) return [0, Number.POSITIVE_INFINITY];
  const law = logLaw(classes);
  if (!law) return [0, 0];
  const { centre, spread, df, floor } = law;
  if (spread === 0) return [floor, floor];
  const half = studentQuantile(0.975, df) * spread;
  return [Math.exp(centre - half), Math.exp(centre + half)];
}

/** P that one draw from a new class is at least `value`, by the law of `predictionRange`; null with fewer than two classes. */
export function exceedance(classes: readonly (readonly number[])[], value: number): number | null {
  const law = classes.length < 2 ? null : logLaw(classes);
  if (!law) return null;
  const { centre, spread, df, floor } = law;
  const x = Math.log(value > 0 ? value : floor);
  if (spread === 0) return x > centre ? 0 : 1;
  // The tail directly: 1 − P(T ≤ t) has no digits left where p is small.
  return studentCdf((centre - x) / spread, df);
}

/**
 * P that one more class has, on average over the seeds, log gaps at least as large as the target's: `exceedance` of geometric means over
 * seeds, by class and split. `seeds`: per seed the null's gaps by class, all in one order, and
 * the target's gap.
 */
export function exceedanceOverSeeds(
  seeds: readonly { gaps: readonly (readonly number[])[]; gap: number }[],
): number | null {
  const classes = Math.min(...seeds.map((s) => s.gaps.length));
  const overSeeds = (of: (s: (typeof seeds)[number]) => number) => Math.exp(mean(seeds.map((s) => Math.log(of(s)))));
  const nulls = Array.from({ length: classes }, (_, k) => {
    const splits = Math.min(...seeds.map((s) => s.gaps[k].length));
    return Array.from({ length: splits }, (__, i) => overSeeds((s) => s.gaps[k][i]));
  });
  return exceedance(
    nulls,
    overSeeds((s) => s.gap),
  );
}

/** Student's law of log D for one draw from a new class: ln D = centre + spread · t with `df` degrees of freedom. Null if every D is 0. */
function logLaw(
  classes: readonly (readonly number[])[],
): { centre: number; spread: number; df: number; floor: number } | null {
  const m = classes.length;
  const positive = classes.flat().filter((d) => d > 0);
  if (positive.length === 0) return null;
  // A distance of exactly 0 has no logarithm; it is replaced by the smallest positive one.
  const floor = Math.min(...positive);
  const logs = classes.map((c) => c.map((d) => Math.log(Math.max(d, floor))));
  const means = logs.map(mean);
  const draws = logs.flat().length;
  // Splits per class; the harmonic mean where classes differ.
  const s = m / logs.reduce((sum, c) => sum + 1 / c.length, 0);
  const centre = mean(means);
  const classMeans = means.reduce((sum, v) => sum + (v - centre) ** 2, 0) / (m - 1);
  const withinDf = draws - m;
  const within = withinDf > 0 ? logs.reduce((sum, c, k) => sum + squares(c, means[k]), 0) / withinDf : 0;
  const a = classMeans * (1 + 1 / m);
  const b = within * (1 - 1 / s);
  if (a + b === 0) return { centre: Math.log(floor), spread: 0, df: m - 1, floor };
  const df = (a + b) ** 2 / (a ** 2 / (m - 1) + (withinDf > 0 ? b ** 2 / withinDf : 0));
  return { centre, spread: Math.sqrt(a + b), df, floor };
}

function squares(values: readonly number[], centre: number): number {
  return values.reduce((sum, v) => sum + (v - centre) ** 2, 0);
}
