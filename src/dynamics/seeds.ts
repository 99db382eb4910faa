/** Several runs as one: means over seeds with intervals that hold for a run not yet made, and runs of different length. */
import { studentQuantile } from './student.js';
import { mean, type Trajectory, trajectories } from './trajectory.js';
import type { EstimateRow } from './types.js';

/** A mean over repetitions, with an interval. */
export interface Average {
  mean: number;
  /** Of the mean. */
  standardError: number;
  /** 95 %, Student's t with n − 1 degrees of freedom; from one value, its own standard error alone, which is "within run". */
  interval: [number, number];
  n: number;
}

/**
 * Mean over independent repetitions (seeds, attacks). The spread between them contains the error of each; where they agree
 * by chance better than their own standard errors allow, those hold.
 */
export function average(values: readonly number[], standardErrors: readonly number[] = []): Average {
  const n = values.length;
  const centre = mean(values);
  const own = Math.sqrt(standardErrors.reduce((s, e) => s + e * e, 0)) / Math.max(1, standardErrors.length);
  // One value without an error of its own bounds nothing.
  const reach = own > 0 ? 1.96 * own : Number.POSITIVE_INFINITY;
  if (n < 2) return { mean: centre, standardError: own, interval: [centre - reach, centre + reach], n };
  const between = Math.sqrt(values.reduce((s, v) => s + (v - centre) ** 2, 0) / (n - 1) / n);
  const standardError = Math.max(between, own);
  const half = Math.max(studentQuantile(0.975, n - 1) * between, 1.96 * own);
  return { mean: centre, standardError, interval: [centre - half, centre + half], n };
}

/**
 * The tables of several seeds as one: per epoch, group, quantity, estimator and layer the mean, with the standard error over
 * seeds. Rows that not every seed has are left out, so that a curve does not jump where a seed ends.
 */
export function overSeeds(tables: readonly (readonly EstimateRow[])[]): EstimateRow[] {
  const keyOf = (r: EstimateRow) => JSON.stringify([r.epoch, r.group, r.quantity, r.estimator, r.layer ?? null]);
  const maps = tables.map((rows) => new Map(rows.filter((r) => Number.isFinite(r.nats)).map((r) => [keyOf(r), r])));
  const [first, ...others] = maps;
  if (!first) return [];
  return [...first].flatMap(([key, row]) => {
    const same = [row, ...others.flatMap((m) => m.get(key) ?? [])];
    if (same.length < maps.length) return [];
    const found = average(
      same.map((r) => r.nats),
      same.map((r) => r.standardError),
    );
    return {
      ...row,
      nats: found.mean,
      standardError: found.standardError,
      ceiling: Math.min(...same.map((r) => r.ceiling)),
      saturated: same.some((r) => r.saturated),
      converged: same.every((r) => r.converged),
      samples: Math.min(...same.map((r) => r.samples)),
      trainNats: mean(same.map((r) => r.trainNats)),
      heldOutNats: mean(same.map((r) => r.heldOutNats)),
    };
  });
}

/** One line of the tidy table: a value that stands on its own, in nats. */
export interface TidyRow {
  run: string;
  seed: number;
  epoch: number;
  group: string;
  quantity: string;
  estimator: string;
  layer: string;
  nats: number;
  standardError: number;
}

/** All trajectories of several runs as one tidy table, one line per point. */
export function tidyRuns(
  runs: readonly { run: string; seed: number; layer: string; rows: readonly EstimateRow[] }[],
): TidyRow[] {
  return runs.flatMap(({ run, seed, layer, rows }) => {
    const layers = [...new Set(rows.map((r) => r.layer ?? layer))];
    return layers.flatMap((name) =>
      trajectories(rows.filter((r) => (r.layer ?? layer) === name)).flatMap((c) =>
        c.epochs.map((epoch, i) => ({
          run,
          seed,
          epoch,
          group: c.group,
          quantity: c.quantity,
          estimator: c.estimator,
          layer: name,
          nats: c.values[i],
          standardError: c.standardErrors[i],
        })),
      ),
    );
  });
}

/**
 * Curves of runs of different length on one axis: the share of training that is done, 0 … 1, in the place of epochs. Values
 * between checkpoints are interpolated, and so are standard errors, which holds whatever the correlation of neighbours.
 * A curve has no value before its first checkpoint; the first common share is the latest of these.
 */
export function alignByShare(
  curves: readonly { curve: Trajectory; epochs: number }[],
  points = 11,
): { shares: number[]; curves: Trajectory[] } {
  const start = Math.max(...curves.map(({ curve, epochs }) => curve.epochs[0] / epochs));
  const end = Math.min(...curves.map(({ curve, epochs }) => curve.epochs[curve.epochs.length - 1] / epochs));
  if (!(points >= 2 && end > start)) return { shares: [], curves: [] };
  const shares = Array.from({ length: points }, (_, i) => start + ((end - start) * i) / (points - 1));
  return {
    shares,
    curves: curves.map(({ curve, epochs }) => ({
      ...curve,
      epochs: shares,
      values: shares.map((s) => interpolate(curve.epochs, curve.values, s * epochs)),
      standardErrors: shares.map((s) => interpolate(curve.epochs, curve.standardErrors, s * epochs)),
    })),
  };
}

/** The value at `x` of the broken line through (xs, ys), xs ascending; the nearest end outside. */
export function interpolate(xs: readonly number[], ys: readonly number[], x: number): number {
  const i = xs.findIndex((v) => v >= x);
  if (i <= 0) return i === 0 ? ys[0] : ys[ys.length - 1];
  const share = (x - xs[i - 1]) / (xs[i] - xs[i - 1]);
  return ys[i - 1] + share * (ys[i] - ys[i - 1]);
}
