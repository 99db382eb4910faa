import { Rng } from '../base/random.js';
import { type Matrix, rowsOf } from '../information/columns.js';
import { inverseSpd, logDetSpd } from '../information/linalg.js';
import { means, pooled, twoMeans } from '../representation/two-means.js';

/** Samples that a cluster has at least: a few outliers are no cluster. */
export const SMALLEST_CLUSTER = 5;
/**
 * Limit on the size of log-odds, nats, so that no checkpoint outweighs the others in their mean. Samples of clusters that no mixture
 * could be fitted to have log-odds of this size.
 */
export const MOST_LOG_ODDS = 10;

/** Limit on the rounds of expectation maximisation. They end before it when no responsibility moves by `SETTLED`. */
const ROUNDS = 60;
const SETTLED = 1e-4;
/** Ridge on the covariance, as a share of its mean variance: keeps a mixture of few points from collapsing onto some of them. */
const RIDGE = 1e-2;
/** Random halvings that the held-out gain is averaged over. */
const HALVINGS = 3;

/** Two normal distributions with one covariance, one per cluster. */
interface Mixture {
  /** Log-odds of the second over the first: w·x + offset. */
  w: Float64Array;
  offset: number;
  share: [number, number];
  centres: [Float64Array, Float64Array];
  inverse: Float64Array;
  /** ln of the covariance's determinant. */
  logDet: number;
}

/** Expectation maximisation from a given split on; null if a cluster vanishes. */
function mixture(points: Matrix, start: Uint8Array): Mixture | null {
  const { n, d } = points;
  let r = Float64Array.from(start);
  let found: Mixture | null = null;
  for (let round = 0; round < ROUNDS; round++) {
    const one = means(points, (i) => r[i]);
    const zero = means(points, (i) => 1 - r[i]);
    if (Math.min(one.total, zero.total) < SMALLEST_CLUSTER) return null;
    const covariance = pooled(points, r, [zero.mean, one.mean], RIDGE);
    const inverse = inverseSpd(covariance, d);
    const share: [number, number] = [zero.total / n, one.total / n];
    const w = new Float64Array(d);
    let offset = Math.log(share[1] / share[0]);
    for (let i = 0; i < d; i++)
      for (let j = 0; j < d; j++) {
        w[i] += inverse[i * d + j] * (one.mean[j] - zero.mean[j]);
        offset -= 0.5 * inverse[i * d + j] * (one.mean[i] * one.mean[j] - zero.mean[i] * zero.mean[j]);
      }
    found = { w, offset, share, centres: [zero.mean, one.mean], inverse, logDet: logDetSpd(covariance, d) };
    const soft = logOddsOf(points, found).map((z) => 1 / (1 + Math.exp(-Math.max(-50, Math.min(50, z)))));
    const moved = soft.reduce((most, v, i) => Math.max(most, Math.abs(v - r[i])), 0);
    r = soft;
    if (moved < SETTLED) break;
  }
  return found;
}

function logOddsOf({ data, n, d }: Matrix, { w, offset }: Mixture): Float64Array {
  const out = new Float64Array(n).fill(offset);
  for (let i = 0; i < n; i++) for (let j = 0; j < d; j++) out[i] += w[j] * data[i * d + j];
  return out;
}

/**
 * Log-odds, nats, that each point lies in the second cluster: points [n, d] → [n]. They come from two normal distributions with one
 * covariance, fitted by expectation maximisation from the given split on. If a cluster vanishes in the fit, they are ±`MOST_LOG_ODDS`
 * by the given split.
 */
export function clusterLogOdds(points: Matrix, start: Uint8Array): Float64Array {
  const model = mixture(points, start);
  return model ? logOddsOf(points, model) : Float64Array.from(start, (v) => (v ? MOST_LOG_ODDS : -MOST_LOG_ODDS));
}

/** ln of a normal density without its constant, at every point. */
function logNormal({ data, n, d }: Matrix, mean: Float64Array, inverse: Float64Array, logDet: number): Float64Array {
  const out = new Float64Array(n);
  const z = new Float64Array(d);
  for (let i = 0; i < n; i++) {
    for (let a = 0; a < d; a++) z[a] = data[i * d + a] - mean[a];
    let square = 0;
    for (let a = 0; a < d; a++) for (let b = 0; b < d; b++) square += z[a] * inverse[a * d + b] * z[b];
    out[i] = -0.5 * (square + logDet);
  }
  return out;
}

/**
 * How much better two normal distributions with one covariance describe points [n, d] than one does, in nats per point, on points that
 * neither was fitted to: each half of a seeded order is fitted and evaluated on the other, `HALVINGS` times. At most about 0 for one
 * normal distribution, whatever n; n ≥ 20.
 */
export function heldOutGain(points: Matrix, seed: number): number {
  const { n, d } = points;
  let sum = 0;
  for (let repeat = 0; repeat < HALVINGS; repeat++) {
    const order = new Rng(seed, 'halves', repeat).permutation(n);
    const halves = [order.subarray(0, n >> 1), order.subarray(n >> 1)].map((rows) => rowsOf(points, rows));
    for (const [fitted, judged] of [halves, [halves[1], halves[0]]]) {
      const model = mixture(fitted, twoMeans(fitted, seed + repeat, SMALLEST_CLUSTER).cluster);
      if (!model) continue;
      const all = new Float64Array(fitted.n);
      const { mean } = means(fitted, () => 1);
      const covariance = pooled(fitted, all, [mean, mean], RIDGE);
      const one = logNormal(judged, mean, inverseSpd(covariance, d), logDetSpd(covariance, d));
      const [a, b] = model.centres.map((c) => logNormal(judged, c, model.inverse, model.logDet));
      for (let i = 0; i < judged.n; i++) {
        const [x, y] = [a[i] + Math.log(model.share[0]), b[i] + Math.log(model.share[1])];
        sum += Math.max(x, y) + Math.log1p(Math.exp(-Math.abs(x - y))) - one[i];
      }
    }
  }
  return sum / (n * HALVINGS);
}
