/** Two normal distributions with one covariance, fitted to the samples of a class: which samples lie where, and how far apart. */
import { Rng } from '../base/random.js';
import { type Matrix, rowsOf } from '../information/columns.js';
import { inverseSpd, logDetSpd } from '../information/linalg.js';
import { separationOf, twoMeans } from '../representation/two-means.js';

/** Samples that a cluster has at least: a few outliers are no cluster. */
export const SMALLEST_CLUSTER = 5;
/** Limit on the size of log-odds, nats, so that no checkpoint outweighs the others in their mean. */
export const MOST_LOG_ODDS = 10;
/** Log-odds, nats, no larger than that. */
export const limited = (logOdds: Float64Array): Float64Array =>
  logOdds.map((v) => Math.max(-MOST_LOG_ODDS, Math.min(MOST_LOG_ODDS, v)));

/** Limit on the rounds of expectation maximisation. They end before it when no responsibility moves by `SETTLED`. */
const ROUNDS = 60;
const SETTLED = 1e-4;
/** Rounds after which the starts are compared, and how many of them are fitted to the end. */
const FIRST_ROUNDS = 10;
const FINALISTS = 3;
/** Share of the points in one cluster of a start along a column, and around a random point; number of random points. */
const [ALONG, AROUND, RANDOM] = [0.2, 0.1, 8];
/** Ridge on the covariance, as a share of its mean variance: keeps a mixture of few points from collapsing onto some of them. */
const RIDGE = 1e-2;
/** Random halvings that the held-out gain is averaged over. */
const HALVINGS = 3;

/** Sums over points [n, d] that every round of a fit needs. */
interface Moments {
  points: Matrix;
  mean: Float64Array;
  /** Covariance around the mean, [d, d], divided by n. */
  covariance: Float64Array;
}

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

function momentsOf(points: Matrix): Moments {
  const { data, n, d } = points;
  const mean = new Float64Array(d);
  for (let i = 0; i < n; i++) for (let j = 0; j < d; j++) mean[j] += data[i * d + j] / n;
  const covariance = new Float64Array(d * d);
  for (let i = 0; i < n; i++)
    for (let a = 0; a < d; a++)
      for (let b = 0; b <= a; b++)
        covariance[a * d + b] += ((data[i * d + a] - mean[a]) * (data[i * d + b] - mean[b])) / n;
  for (let a = 0; a < d; a++) for (let b = 0; b < a; b++) covariance[b * d + a] = covariance[a * d + b];
  return { points, mean, covariance };
}

const trace = (covariance: Float64Array, d: number) => {
  let sum = 0;
  for (let a = 0; a < d; a++) sum += Math.max(0, covariance[a * d + a]);
  return sum;
};

/** Adds the ridge to the diagonal of a covariance, in place. `whole`: trace of the covariance of all points, whose rounding it outweighs. */
function ridged(covariance: Float64Array, d: number, whole: number): Float64Array {
  const ridge = (RIDGE * trace(covariance, d) + 1e-9 * whole) / d + 1e-12;
  for (let a = 0; a < d; a++) covariance[a * d + a] += ridge;
  return covariance;
}

/** The mixture of given responsibilities r of the second cluster, [n]; null if a cluster vanishes. */
function maximised({ points: { data, n, d }, mean, covariance }: Moments, r: Float64Array): Mixture | null {
  const one = new Float64Array(d);
  let total = 0;
  for (let i = 0; i < n; i++) {
    if (r[i] === 0) continue;
    total += r[i];
    for (let j = 0; j < d; j++) one[j] += r[i] * data[i * d + j];
  }
  if (Math.min(total, n - total) < SMALLEST_CLUSTER) return null;
  const share: [number, number] = [1 - total / n, total / n];
  const zero = new Float64Array(d);
  for (let j = 0; j < d; j++) {
    zero[j] = (mean[j] - one[j] / n) / share[0];
    one[j] /= total;
  }
  // The covariance around the two means is that around their common mean, less what lies between them.
  const within = covariance.slice();
  for (let a = 0; a < d; a++)
    for (let b = 0; b < d; b++) within[a * d + b] -= share[0] * share[1] * (one[a] - zero[a]) * (one[b] - zero[b]);
  const inverse = inverseSpd(ridged(within, d, trace(covariance, d)), d);
  const w = new Float64Array(d);
  let offset = Math.log(share[1] / share[0]);
  for (let a = 0; a < d; a++) {
    for (let b = 0; b < d; b++) w[a] += inverse[a * d + b] * (one[b] - zero[b]);
    offset -= 0.5 * w[a] * (one[a] + zero[a]);
  }
  return { w, offset, share, centres: [zero, one], inverse, logDet: logDetSpd(within, d) };
}

function logOddsOf({ data, n, d }: Matrix, { w, offset }: Mixture): Float64Array {
  const out = new Float64Array(n).fill(offset);
  for (let i = 0; i < n; i++) for (let j = 0; j < d; j++) out[i] += w[j] * data[i * d + j];
  return out;
}

const logistic = (z: number) => 1 / (1 + Math.exp(-Math.max(-50, Math.min(50, z))));

/** Expectation maximisation from given responsibilities on, at most `rounds` of it; null if a cluster vanishes. */
function climbed(moments: Moments, start: Float64Array, rounds: number): { model: Mixture; r: Float64Array } | null {
  let r = start;
  let model: Mixture | null = null;
  for (let round = 0; round < rounds; round++) {
    model = maximised(moments, r);
    if (!model) return null;
    const next = logOddsOf(moments.points, model).map(logistic);
    let moved = 0;
    for (let i = 0; i < r.length; i++) moved = Math.max(moved, Math.abs(next[i] - r[i]));
    r = next;
    if (moved < SETTLED) break;
  }
  return model && { model, r };
}

/** ln of the likelihood of the points that a mixture was fitted to, per point, without its constant. */
function likelihood({ points, mean, covariance }: Moments, model: Mixture): number {
  const { n, d } = points;
  const { share, centres, inverse, logDet } = model;
  let square = 0;
  for (let a = 0; a < d; a++)
    for (let b = 0; b < d; b++)
      square += inverse[a * d + b] * (covariance[a * d + b] + (mean[a] - centres[0][a]) * (mean[b] - centres[0][b]));
  const second = logOddsOf(points, model).reduce((s, z) => s + Math.max(0, z) + Math.log1p(Math.exp(-Math.abs(z))), 0);
  return Math.log(share[0]) - 0.5 * (logDet + square) + second / n;
}

/** Where a fit starts: 2-means, both ends of every column, and the surroundings of random points. */
function* startsOf(points: Matrix, seed: number): Generator<Float64Array> {
  const { data, n, d } = points;
  yield Float64Array.from(twoMeans(points, seed, SMALLEST_CLUSTER).cluster);
  const rng = new Rng(seed, 'mixture');
  const lowest = (value: (i: number) => number, share: number) => {
    const values = Float64Array.from({ length: n }, (_, i) => value(i));
    const limit = values.slice().sort()[Math.max(SMALLEST_CLUSTER, Math.ceil(share * n)) - 1];
    return values.map((v) => Number(v <= limit));
  };
  for (let j = 0; j < d; j++) for (const sign of [1, -1]) yield lowest((i) => sign * data[i * d + j], ALONG);
  for (let k = 0; k < RANDOM; k++) {
    const at = rng.int(n);
    const distance = (i: number) => {
      let sum = 0;
      for (let j = 0; j < d; j++) sum += (data[i * d + j] - data[at * d + j]) ** 2;
      return sum;
    };
    yield lowest(distance, AROUND);
  }
}

/** Points [n, d] as two clusters. */
export interface Clustered {
  /** Log-odds that each point lies in the second cluster, nats, [n]; all −`MOST_LOG_ODDS` if no two clusters were found. */
  logOdds: Float64Array;
  /** Distance d′ of the clusters' means along Fisher's direction, in common standard deviations; NaN if none were found. */
  separation: number;
  /** Responsibilities of the second cluster, [n]; null if none were found. */
  r: Float64Array | null;
}

/**
 * The most likely of the mixtures that expectation maximisation reaches from many starts (McLachlan and Peel 2000, section 2.12):
 * points [n, d], n ≥ 20. Clusters of unlike size have local maxima, and 2-means alone prefers clusters of like size.
 */
export function clustered(points: Matrix, seed: number): Clustered {
  const moments = momentsOf(points);
  const ranked = (starts: Iterable<Float64Array>, rounds: number) =>
    [...starts]
      .flatMap((start) => climbed(moments, start, rounds) ?? [])
      .map((found) => ({ ...found, fit: likelihood(moments, found.model) }))
      .sort((a, b) => b.fit - a.fit);
  const first = ranked(startsOf(points, seed), FIRST_ROUNDS).slice(0, FINALISTS);
  const [best] = ranked(
    first.map((f) => f.r),
    ROUNDS,
  );
  const logOdds = best ? logOddsOf(points, best.model) : new Float64Array(points.n).fill(-MOST_LOG_ODDS);
  const cluster = Uint8Array.from(logOdds, (z) => Number(z > 0));
  const second = cluster.reduce((s, v) => s + v, 0);
  const isSplit = Math.min(second, points.n - second) >= SMALLEST_CLUSTER;
  return { logOdds, separation: isSplit ? separationOf(points, cluster) : Number.NaN, r: best?.r ?? null };
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
 * neither was fitted to: each half of a seeded order is fitted, from the responsibilities `r` on that a fit to all points found, and
 * evaluated on the other, `HALVINGS` times. n ≥ 20.
 */
export function heldOutGain(points: Matrix, r: Float64Array, seed: number): number {
  const { n, d } = points;
  let sum = 0;
  for (let repeat = 0; repeat < HALVINGS; repeat++) {
    const order = new Rng(seed, 'halves', repeat).permutation(n);
    const halves = [order.subarray(0, n >> 1), order.subarray(n >> 1)];
    for (const [fitted, judged] of [halves, [halves[1], halves[0]]]) {
      const moments = momentsOf(rowsOf(points, fitted));
      const found = climbed(
        moments,
        Float64Array.from(fitted, (i) => r[i]),
        ROUNDS,
      );
      if (!found) continue;
      const { share, centres, inverse, logDet } = found.model;
      const others = rowsOf(points, judged);
      const covariance = ridged(moments.covariance.slice(), d, 0);
      const one = logNormal(others, moments.mean, inverseSpd(covariance, d), logDetSpd(covariance, d));
      const [a, b] = centres.map((c) => logNormal(others, c, inverse, logDet));
      for (let i = 0; i < others.n; i++) {
        const [x, y] = [a[i] + Math.log(share[0]), b[i] + Math.log(share[1])];
        sum += Math.max(x, y) + Math.log1p(Math.exp(-Math.abs(x - y))) - one[i];
      }
    }
  }
  return sum / (n * HALVINGS);
}
