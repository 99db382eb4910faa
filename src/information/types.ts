/**
 * The one interface of the information room: two paired samples in, an estimate of their mutual information in nats out.
 *
 * An estimator's own settings are fixed when it is made (`ksg({ k: 5 })`, `infonce({ negatives: 512 })`); what belongs to
 * one call (seed, which rows belong together, progress) is in `EstimateOptions`.
 */

/** Row-major [n, d]. `discrete`: values are names of categories, so only equality means anything (a row is one category). */
export interface Samples {
  data: Float64Array | Float32Array;
  /** Rows. */
  n: number;
  /** Columns. */
  d: number;
  discrete: boolean;
}

/** What belongs to one call. */
export interface EstimateOptions {
  /** Seed of every random decision of the estimator: splits, subsamples, weights. */
  seed: number;
  /**
   * The sample each row belongs to, [n], where rows are several noise draws of fewer samples. Absent: every row is a
   * sample of its own. Train/held-out splits and standard errors go by sample, not by row.
   */
  owner?: Int32Array;
  /** Ends the work early by throwing the signal's reason. */
  signal?: AbortSignal;
  /** Told now and then: the share of work done in 0 … 1, and the current value where there is one. */
  onProgress?: (done: number, nats: number | null) => void;
}

/** An estimate of mutual information, with what a reader has to know of it. */
export interface Estimate {
  /** Name of the estimator. */
  estimator: string;
  /** The value to use. For critics with a held-out split it is the held-out one, in the `paper` preset the training one. */
  nats: number;
  standardError: number;
  /** How the standard error was found, in words. */
  standardErrorMethod: string;
  /** The largest value this estimator can return on this many samples; null where there is none. */
  ceiling: number | null;
  /** Within 5 % of a ceiling that is the estimator's own and not the data's, so that the truth may be higher. */
  saturated: boolean;
  /** Critics: training had settled. Neighbour estimators: the value no longer drifts with the sample size. */
  converged: boolean;
  /** Critics only: the objective on the pairs trained on. */
  trainNats: number | null;
  /** Critics only: the objective on samples never trained on. */
  heldOutNats: number | null;
  /** Samples used (owners, not rows). */
  samples: number;
  /** Rows per sample: 1 unless `owner` says otherwise. */
  draws: number;
  /** What a reader must know before trusting the value: whole sentences, in words. */
  warnings: string[];
  /** Further numbers of this estimator by name, in nats or counts: `k`, `lower`, `upper`, `steps`, … */
  details: Record<string, number>;
}

/** An estimator with its own settings fixed. One file per estimator in this room, one line in `index.ts`. */
export interface Estimator {
  name: string;
  /** One line for `--help`. */
  summary: string;
  /** Paper or definition. */
  source: string;
  /** Row i of `a` and row i of `b` are one pair. Throws `UserError` where no honest number exists. */
  estimate(a: Samples, b: Samples, options: EstimateOptions): Estimate | Promise<Estimate>;
}

/** An estimator that needs no training and answers at once. */
export interface DirectEstimator extends Estimator {
  estimate(a: Samples, b: Samples, options: EstimateOptions): Estimate;
}

/** Share of the ceiling from which on an estimate counts as saturated. */
export const SATURATION = 0.95;
