/**
 * Standard errors of neighbour estimators from disjoint parts (Holmes and Nemenman 2019, "Estimation of mutual
 * information for real-valued data with error bars and controlled bias").
 *
 * Estimates on m disjoint parts of n/m samples are independent, and the variance is proportional to 1/n, so the squared error at n is their
 * variance / m, averaged here over several random partitions. The alternatives are worse: a bootstrap repeats rows, which are then each
 * other's nearest neighbours; on bivariate normals a delete-a-group jackknife was 10–30 % too large, and ten parts instead of four up to
 * 25 % too small.
 */
import { Rng } from '../base/random.js';

const PARTS = 4;

/** A standard error and the drift of the value with the number of samples. */
export interface PartsError {
  standardError: number;
  method: string;
  /** The value at n minus the mean value at n/4; null if a quarter of the samples is too few. */
  drift: number | null;
}

/**
 * `value(rows)` is the estimate on a subset of rows, `whole` the one on all n. If a quarter of the samples is fewer than `smallest`, the spread
 * of the local terms gives the standard error.
 */
export function partsError(
  n: number,
  smallest: number,
  seed: number,
  whole: { nats: number; local: Float64Array },
  value: (rows: Int32Array) => number,
): PartsError {
  if (n < PARTS * smallest)
    return {
      standardError: spread(whole.local) / Math.sqrt(n),
      method: 'spread of the local terms (too few samples to split)',
      drift: null,
    };
  // A partition costs about as much as the estimate itself, so large samples get fewer.
  const partitions = n > 4000 ? 2 : 4;
  let variance = 0;
  let mean = 0;
  for (let r = 0; r < partitions; r++) {
    const order = new Rng(seed, 'information', 'parts', r).permutation(n);
    const values = Float64Array.from({ length: PARTS }, (_, i) =>
      value(order.slice(Math.floor((i * n) / PARTS), Math.floor(((i + 1) * n) / PARTS))),
    );
    variance += spread(values) ** 2 / PARTS / partitions;
    for (const v of values) mean += v / PARTS / partitions;
  }
  return {
    standardError: Math.sqrt(variance),
    method: `${partitions} partitions into ${PARTS} disjoint parts (Holmes and Nemenman 2019)`,
    drift: whole.nats - mean,
  };
}

/** Sample standard deviation; 0 for fewer than two values. */
export function spread(values: Float64Array): number {
  const n = values.length;
  if (n < 2) return 0;
  let mean = 0;
  for (const v of values) mean += v / n;
  let square = 0;
  for (const v of values) square += (v - mean) ** 2;
  return Math.sqrt(square / (n - 1));
}

/**
 * Whether the value has converged with the number of samples; adds a warning if not. It has not if it changes by more than three standard
 * errors and by more than 5 % from a quarter of the samples to all.
 */
export function settled(nats: number, error: PartsError, warnings: string[]): boolean {
  if (error.drift === null) return false;
  const moved = Math.abs(error.drift);
  if (moved <= 3 * error.standardError || moved <= 0.05 * Math.abs(nats)) return true;
  const before = (nats - error.drift).toFixed(3);
  warnings.push(
    `The value still ${error.drift > 0 ? 'rises' : 'falls'} with the number of samples (${before} nats on a quarter of them, ${nats.toFixed(3)} on all): the true value lies further in that direction.`,
  );
  return false;
}
