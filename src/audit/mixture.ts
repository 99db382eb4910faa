import { Rng } from '../base/random.js';
import { type Matrix, rowsOf } from '../information/columns.js';
import { inverseSpd, logDetSpd } from '../information/linalg.js';
import { MOST_ODDS, means, pooled, ROUNDS, SMALLEST_SIDE, twoMeans } from './two-means.js';

const EM_RIDGE = 1e-2;

/** Two normal distributions with one covariance. */
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

/** Expectation and maximisation from a split on; null where a side vanishes. */
function mixture(points: Matrix, start: Uint8Array): Mixture | null {
  const { n, d } = points;
  let r = Float64Array.from(start);
  let found: Mixture | null = null;
  for (let round = 0; round < ROUNDS; round++) {
    const one = means(points, (i) => r[i]);
    const zero = means(points, (i) => 1 - r[i]);
    if (Math.min(one.total, zero.total) < SMALLEST_SIDE) return null;
    const covariance = pooled(points, r, [zero.mean, one.mean], EM_RIDGE);
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
    const soft = oddsOf(points, found).map((z) => 1 / (1 + Math.exp(-Math.max(-50, Math.min(50, z)))));
    const moved = soft.reduce((most, v, i) => Math.max(most, Math.abs(v - r[i])), 0);
    r = soft;
    if (moved < 1e-4) break;
  }
  return found;
}

function oddsOf({ data, n, d }: Matrix, { w, offset }: Mixture): Float64Array {
  const out = new Float64Array(n).fill(offset);
  for (let i = 0; i < n; i++) for (let j = 0; j < d; j++) out[i] += w[j] * data[i * d + j];
  return out;
}

/**
 * Log-odds, in nats, that each point lies on the second side, by expectation and maximisation of two normal distributions with
 * one covariance from the given split on; the split's own sides where one would vanish. Points [n, d] → [n].
 */
export function sideOdds(points: Matrix, start: Uint8Array): Float64Array {
  const model = mixture(points, start);
  return model ? oddsOf(points, model) : Float64Array.from(start, (v) => (v ? MOST_ODDS : -MOST_ODDS));
}

/** ln of a normal density but for its constant, of every point. */
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
 * How much better two normal distributions with one covariance describe points [n, d] than one does, in nats a point, on points that
 * neither was fitted to: halves of a seeded order, each fitted and judged on the other, `repeats` times. Around or below 0 where one
 * is enough, whatever n; n ≥ 20.
 */
export function twoSidedness(points: Matrix, seed: number, repeats = 3): number {
  const { n, d } = points;
  let sum = 0;
  for (let repeat = 0; repeat < repeats; repeat++) {
    const order = new Rng(seed, 'halves', repeat).permutation(n);
    const halves = [order.subarray(0, n >> 1), order.subarray(n >> 1)].map((rows) => rowsOf(points, rows));
    for (const [fitted, judged] of [halves, [halves[1], halves[0]]]) {
      const model = mixture(fitted, twoMeans(fitted, seed + repeat, SMALLEST_SIDE).side);
      if (!model) continue;
      const all = new Float64Array(fitted.n);
      const { mean } = means(fitted, () => 1);
      const covariance = pooled(fitted, all, [mean, mean], EM_RIDGE);
      const one = logNormal(judged, mean, inverseSpd(covariance, d), logDetSpd(covariance, d));
      const [a, b] = model.centres.map((c) => logNormal(judged, c, model.inverse, model.logDet));
      for (let i = 0; i < judged.n; i++) {
        const [x, y] = [a[i] + Math.log(model.share[0]), b[i] + Math.log(model.share[1])];
        sum += Math.max(x, y) + Math.log1p(Math.exp(-Math.abs(x - y))) - one[i];
      }
    }
  }
  return sum / (n * repeats);
}
