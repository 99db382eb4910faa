/**
 * 2-means: points [n, d] split into two clusters, and how far apart these lie along the direction that separates them best. Both stay
 * the same when all points are scaled.
 */

import { Rng } from '../base/random.js';
import type { Matrix } from '../information/columns.js';
import { inverseSpd } from '../information/linalg.js';

export interface Split {
  /** 1 for points of the second cluster, [n]. */
  cluster: Uint8Array;
  /**
   * d′: difference of the clusters' means along Fisher's direction, divided by their common standard deviation. NaN if no split was
   * found; then all points are in the first cluster.
   */
  separation: number;
}

/** Random starts, of which the best split is taken: as many as scikit-learn's KMeans makes by default. */
const STARTS = 10;
/** Limit on Lloyd's rounds. They end before it when no point changes its cluster. */
const ROUNDS = 60;
/** Ridge on the covariance, as a share of its mean variance: a cluster may have fewer points than there are columns. */
const RIDGE = 1e-6;

const row = ({ data, d }: Matrix, i: number) => data.subarray(i * d, (i + 1) * d);

/** Weighted mean of points [n, d] → [d], and the total weight. */
export function means({ data, n, d }: Matrix, weight: (i: number) => number): { mean: Float64Array; total: number } {
  const mean = new Float64Array(d);
  let total = 0;
  for (let i = 0; i < n; i++) {
    const w = weight(i);
    if (w === 0) continue;
    total += w;
    for (let j = 0; j < d; j++) mean[j] += w * data[i * d + j];
  }
  return { mean: mean.map((v) => v / total), total };
}

/** The best of ten seeded 2-means splits of points [n, d] (Lloyd's algorithm) with at least `smallest` points per cluster; n ≥ 4. */
export function twoMeans(points: Matrix, seed: number, smallest = 1): Split {
  const { n, d } = points;
  const rng = new Rng(seed, 'two means');
  let best = { cluster: new Uint8Array(n), within: Number.POSITIVE_INFINITY };
  for (let start = 0; start < STARTS; start++) {
    const chosen = rng.sample(
      Array.from({ length: n }, (_, i) => i),
      2,
    );
    let centres: Float64Array[] = [...chosen].map((i) => Float64Array.from(row(points, i)));
    let cluster = new Uint8Array(n);
    let within = 0;
    for (let round = 0; round < ROUNDS; round++) {
      within = 0;
      const next = new Uint8Array(n);
      for (let i = 0; i < n; i++) {
        const x = row(points, i);
        const [a, b] = centres.map((c) => {
          let sum = 0;
          for (let j = 0; j < d; j++) sum += (x[j] - c[j]) ** 2;
          return sum;
        });
        next[i] = Number(b < a);
        within += Math.min(a, b);
      }
      const ones = next.reduce((s, v) => s + v, 0);
      if (ones === 0 || ones === n) break;
      const same = round > 0 && next.every((v, i) => v === cluster[i]);
      cluster = next;
      if (same) break;
      centres = [0, 1].map((k) => means(points, (i) => Number(cluster[i] === k)).mean);
    }
    const ones = cluster.reduce((s, v) => s + v, 0);
    if (within < best.within && Math.min(ones, n - ones) >= smallest) best = { cluster, within };
  }
  return {
    cluster: best.cluster,
    separation: Number.isFinite(best.within) ? separationOf(points, best.cluster) : Number.NaN,
  };
}

/** Covariance within two clusters around their centres, with weights 1 − r and r per point, and a ridge: [d, d]. */
function pooled(points: Matrix, r: ArrayLike<number>, centres: Float64Array[], ridge: number): Float64Array {
  const { data, n, d } = points;
  const out = new Float64Array(d * d);
  for (let i = 0; i < n; i++)
    for (const k of [0, 1]) {
      const w = k === 1 ? r[i] : 1 - r[i];
      if (w === 0) continue;
      for (let a = 0; a < d; a++) {
        const va = w * (data[i * d + a] - centres[k][a]);
        for (let b = 0; b <= a; b++) out[a * d + b] += va * (data[i * d + b] - centres[k][b]);
      }
    }
  let trace = 0;
  for (let a = 0; a < d; a++) trace += out[a * d + a] / n;
  for (let a = 0; a < d; a++)
    for (let b = 0; b <= a; b++) {
      out[a * d + b] = out[a * d + b] / n + (a === b ? (ridge * trace) / d + 1e-12 : 0);
      out[b * d + a] = out[a * d + b];
    }
  return out;
}

/** Mahalanobis distance d′ of two clusters' means, in their common covariance: points [n, d], cluster [n] of 0 and 1; 0 if one is empty. */
export function separationOf(points: Matrix, cluster: Uint8Array): number {
  const { d } = points;
  const centres = [0, 1].map((k) => means(points, (i) => Number(cluster[i] === k)));
  if (centres.some((c) => c.total === 0)) return 0;
  const [a, b] = centres.map((c) => c.mean);
  const inverse = inverseSpd(pooled(points, cluster, [a, b], RIDGE), d);
  let square = 0;
  for (let i = 0; i < d; i++) for (let j = 0; j < d; j++) square += (b[i] - a[i]) * inverse[i * d + j] * (b[j] - a[j]);
  return Math.sqrt(square);
}
