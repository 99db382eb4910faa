/** Several runs together: means over seeds with their intervals, tidy tables, and runs of different length on one axis. */
import { studentQuantile } from './student.js';
import { mean, type Trajectory, trajectories } from './trajectory.js';
import type { EstimateRow } from './types.js';

/** A mean over repetitions, with its standard error and interval. */
export interface Average {
  mean: number;
  /** Of the mean. */
  standardError: number;
  /** 95 % interval, Student's t with n − 1 degrees of freedom. From one value: its own standard error, which covers one run only. */
  interval: [number, number];
  n: number;
}

/**
 * Mean over independent repetitions (seeds, attacks). The spread between repetitions contains the error of each. If the spread is
 * smaller than their standard errors imply, the standard errors give the interval.
 */
export function average(values: readonly number[], standardErrors: readonly number[] = []): Average {
  const n = values.length;
  const centre = mean(values);
  const own = Math.sqrt(standardErrors.reduce((s, e) => s + e * e, 0)) / Math.max(1, standardErrors.length);
  // One value without a standard error has an infinite interval.
  const reach = own > 0 ? 1.96 * own : Number.POSITIVE_INFINITY;
  if (n < 2) return { mean: centre, standardError: own, interval: [centre - reach, centre + reach], n };
  const between = Math.sqrt(values.reduce((s, v) => s + (v - centre) ** 2, 0) / (n - 1) / n);
  const standardError = Math.max(between, own);
  const half = Math.max(studentQuantile(0.975, n - 1) * between, 1.96 * own);
  return { mean: centre, standardError, interval: [centre - half, centre + half], n };
}

/**
 * One table from the tables of several seeds: the mean per epoch, group, quantity, estimator and layer, with the standard error over
 * seeds. A row that a seed lacks is omitted, so that a curve does not jump where one seed's table ends.
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
      converged: same.some((r) => r.converged === null) ? null : same.every((r) => r.converged),
      samples: Math.min(...same.map((r) => r.samples)),
      trainNats: meanOrNull(same.map((r) => r.trainNats)),
      heldOutNats: meanOrNull(same.map((r) => r.heldOutNats)),
    };
  });
}

const meanOrNull = (values: readonly (number | null)[]) =>
  values.some((v) => v === null) ? null : mean(values as number[]);

/** One line of the tidy table: one estimate in nats, with everything that identifies it. */
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

/** All trajectories of several runs as one tidy table, one line per point. `layer` names that of rows without one. */
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
 * Curves of runs of different length on one axis: the completed share of the training, 0 … 1, in the place of epochs. Values and
 * standard errors between checkpoints are interpolated linearly; an interpolated standard error is an upper bound for any correlation
 * of its neighbours. The axis spans the shares at which every curve has a value, in `points` equal steps.
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

/** Value at `x` of the piecewise linear curve through (xs, ys), xs ascending; beyond its ends, the value at the nearer end. */
export function interpolate(xs: readonly number[], ys: readonly number[], x: number): number {
  const i = xs.findIndex((v) => v >= x);
  if (i <= 0) return i === 0 ? ys[0] : ys[ys.length - 1];
  const share = (x - xs[i - 1]) / (xs[i] - xs[i - 1]);
  return ys[i - 1] + share * (ys[i] - ys[i - 1]);
}
