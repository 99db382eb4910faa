/**
 * Trajectories: the table of estimates (one row per epoch, group, quantity and estimator) as curves over epochs, and the operations that
 * all analyses share: smoothing, restriction to common checkpoints, averages over epochs.
 */
import { UserError } from '../base/errors.js';
import type { EstimateRow, Quantity } from './types.js';

/** One curve over checkpoints, epochs ascending. `values` and `standardErrors` follow `epochs`, in the unit of the rows (nats). */
export interface Trajectory {
  group: string;
  quantity: Quantity;
  estimator: string;
  epochs: number[];
  values: number[];
  standardErrors: number[];
  /** Smallest number of samples behind any of its estimates. */
  samples: number;
}

/**
 * Groups rows into trajectories, in the order of their first rows. Of two rows with the same epoch, group, quantity and estimator the
 * later one counts, because the log is append-only. Estimates that are not finite are ignored.
 */
export function trajectories(rows: readonly EstimateRow[]): Trajectory[] {
  const curves = new Map<string, Map<number, EstimateRow>>();
  for (const row of rows) {
    const key = JSON.stringify([row.group, row.quantity, row.estimator]);
    const points = curves.get(key) ?? new Map<number, EstimateRow>();
    curves.set(key, points.set(row.epoch, row));
  }
  return [...curves.values()].flatMap((points) => {
    const kept = [...points.values()].filter((r) => Number.isFinite(r.nats)).sort((a, b) => a.epoch - b.epoch);
    if (kept.length === 0) return [];
    const { group, quantity, estimator } = kept[0];
    return {
      group,
      quantity,
      estimator,
      epochs: kept.map((r) => r.epoch),
      values: kept.map((r) => r.nats),
      standardErrors: kept.map((r) => (Number.isFinite(r.standardError) ? r.standardError : 0)),
      samples: Math.min(...kept.map((r) => r.samples)),
    };
  });
}

/** Epochs at which every curve has a value, ascending. */
export function commonEpochs(curves: readonly Trajectory[]): number[] {
  if (curves.length === 0) return [];
  const sets = curves.map((c) => new Set(c.epochs));
  return curves[0].epochs.filter((e) => sets.every((s) => s.has(e)));
}

/** The curve restricted to the given epochs; epochs that it lacks are ignored. */
export function at(curve: Trajectory, epochs: readonly number[]): Trajectory {
  const wanted = new Set(epochs);
  const keep = (_: number, i: number) => wanted.has(curve.epochs[i]);
  return {
    ...curve,
    epochs: curve.epochs.filter(keep),
    values: curve.values.filter(keep),
    standardErrors: curve.standardErrors.filter(keep),
  };
}

/** All curves restricted to the epochs they have in common. */
export function align(curves: readonly Trajectory[]): Trajectory[] {
  const epochs = commonEpochs(curves);
  return curves.map((c) => at(c, epochs));
}

/**
 * Centred moving average over `window` checkpoints, truncated at the ends. A window of 1 changes nothing; an even window covers one
 * checkpoint more after than before. Checkpoints share their held-out samples, so their errors do not average out; the mean of the
 * standard errors in the window is an upper bound for any correlation. Throws `UserError` for an invalid window.
 */
export function smooth(curve: Trajectory, window: number): Trajectory {
  if (!Number.isInteger(window) || window < 1)
    throw new UserError(`window must be a whole number from 1, got ${window}`);
  if (window === 1) return curve;
  const before = Math.floor((window - 1) / 2);
  const around = (a: readonly number[]) => a.map((_, i) => mean(a.slice(Math.max(0, i - before), i - before + window)));
  return { ...curve, values: around(curve.values), standardErrors: around(curve.standardErrors) };
}

/** Average of a piecewise linear curve over the epoch axis (trapezoid rule); the value itself for one point, NaN for none. */
export function epochAverage(epochs: readonly number[], values: readonly number[]): number {
  const n = epochs.length;
  if (n === 0) return Number.NaN;
  if (n === 1) return values[0];
  let area = 0;
  for (let i = 1; i < n; i++) area += ((values[i] + values[i - 1]) / 2) * (epochs[i] - epochs[i - 1]);
  return area / (epochs[n - 1] - epochs[0]);
}

/** Arithmetic mean; NaN of an empty list. */
export function mean(values: readonly number[]): number {
  return values.reduce((sum, v) => sum + v, 0) / values.length;
}

/** Standard deviation of a sample, with n − 1; NaN of fewer than two. */
export function standardDeviation(values: readonly number[]): number {
  const centre = mean(values);
  return Math.sqrt(values.reduce((sum, v) => sum + (v - centre) ** 2, 0) / (values.length - 1));
}

/** Mean of the middle one or two; NaN of an empty list. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
}
