/**
 * The interface of every estimator: two variables with paired rows in, an estimate of their mutual information in nats out.
 *
 * The settings of an estimator are fixed when it is created (`ksg({ k: 5 })`). What belongs to one call (seed, which rows belong to one
 * sample, progress) is in `EstimateOptions`.
 */

import type { EstimateValue } from '../dynamics/types.js';

/** One variable, row-major [n, d]. If `discrete`, a row names a category and only equality of rows counts. */
export interface Samples {
  data: Float64Array | Float32Array;
  /** Rows. */
  n: number;
  /** Columns. */
  d: number;
  discrete: boolean;
}

/** Settings of one call. */
export interface EstimateOptions {
  /** Seed of all random draws of the estimator: splits, subsamples, initial weights. */
  seed: number;
  /**
   * The sample to which each row belongs, [n], if rows are several noise draws of fewer samples; default: each row is a sample.
   * Held-out splits and standard errors go by sample, not by row.
   */
  owner?: Int32Array;
  /** If aborted, the estimator throws the signal's reason. */
  signal?: AbortSignal;
  /** Called from time to time with the share of work done, 0 … 1, and the current value, if there is one. */
  onProgress?: (done: number, nats: number | null) => void;
}

/**
 * An estimate of mutual information in nats, with what a reader needs to judge it. `nats` of a critic is the held-out value, except
 * with the `paper` preset, where it is the training objective. `saturated` refers to a ceiling of the estimator, not of the data.
 * `converged` of a neighbour estimator: the value no longer drifts with the number of samples.
 */
export interface Estimate extends Omit<EstimateValue, 'ceiling' | 'trainNats' | 'heldOutNats'> {
  /** Name of the estimator. */
  estimator: string;
  /** Method by which the standard error was computed. */
  standardErrorMethod: string;
  /** Largest value that the estimator can return on this many samples; null if there is none. */
  ceiling: number | null;
  /** Objective on the pairs that the critic was trained on; null without a critic. */
  trainNats: number | null;
  /** Objective on held-out samples; null without a critic. */
  heldOutNats: number | null;
  /** Sentences that a reader needs to know before using the value. */
  warnings: string[];
  /** Further numbers of this estimator by name, in nats or counts: `k`, `lower`, `upper`, `steps`, … */
  details: Record<string, number>;
}

/** An estimator with its settings. One file per estimator in this room, one line in `index.ts`. */
export interface Estimator {
  name: string;
  /** One line for `--help`. */
  summary: string;
  /** Paper or definition. */
  source: string;
  /** Row i of `a` and row i of `b` form a pair. Throws `UserError` for variables that the estimator cannot handle. */
  estimate(a: Samples, b: Samples, options: EstimateOptions): Estimate | Promise<Estimate>;
}

/** An estimator without training, which returns its result synchronously. */
export interface DirectEstimator extends Estimator {
  estimate(a: Samples, b: Samples, options: EstimateOptions): Estimate;
}

/** An estimate of at least this share of its ceiling is saturated: the definition of the score's refusal (within 5 %). */
export const SATURATION = 0.95;
