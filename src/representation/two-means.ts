/**
 * Whether the samples of one class fall into two: a split by 2-means, how far apart its sides are along the direction that tells
 * them apart best, and each sample's odds of lying on either side. All of it is unchanged when T is scaled.
 */

import { Rng } from '../base/random.js';
import type { Matrix } from '../information/columns.js';
import { inverseSpd } from '../information/linalg.js';

export interface Split {
  /** 1 for samples of the second side, [n]. */
  side: Uint8Array;
  /**
   * d′: difference of the sides' means along Fisher's direction, over the sides' common standard deviation. NaN where no split was
   * found, all samples being on the first side.
   */
  separation: number;
}

const STARTS = 10;
export const ROUNDS = 60;
/** Ridge on covariances, as a share of their mean variance: sides may be smaller than there are columns. */
const RIDGE = 1e-6;

/** A few samples far off are no second side. */
export const SMALLEST_SIDE = 5;
/** Log-odds count up to this, so that no look outweighs all others; those of sides that no mixture could be fitted to are this sure. */
export const MOST_ODDS = 10;

const row = ({ data, d }: Matrix, i: number) => data.subarray(i * d, (i + 1) * d);

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

/** The best of ten seeded 2-means splits of points [n, d] (Lloyd's algorithm) whose sides have `smallest` points at least; n ≥ 4. */
export function twoMeans(points: Matrix, seed: number, smallest = 1): Split {
  const { n, d } = points;
  const rng = new Rng(seed, 'two means');
  let best = { side: new Uint8Array(n), within: Number.POSITIVE_INFINITY };
  for (let start = 0; start < STARTS; start++) {
    const chosen = rng.sample(
      Array.from({ length: n }, (_, i) => i),
      2,
    );
    let centres: Float64Array[] = [...chosen].map((i) => Float64Array.from(row(points, i)));
    let side = new Uint8Array(n);
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
      const same = round > 0 && next.every((v, i) => v === side[i]);
      side = next;
      if (same) break;
      centres = [0, 1].map((k) => means(points, (i) => Number(side[i] === k)).mean);
    }
    const ones = side.reduce((s, v) => s + v, 0);
    if (within < best.within && Math.min(ones, n - ones) >= smallest) best = { side, within };
  }
  return { side: best.side, separation: Number.isFinite(best.within) ? separationOf(points, best.side) : Number.NaN };
}

/** Sizes at which `unsplit` is drawn; between them it is interpolated, and above them it hardly moves. */
const DRAWN = [30, 45, 65, 100, 150, 220, 330, 500];
const DRAWS = 16;
const drawn = new Map<string, { mean: number; sd: number }>();

/** ln d′ of splits of one normal distribution in `d` dimensions: mean and standard deviation over sets of n points. */
function unsplitAt(n: number, d: number): { mean: number; sd: number } {
  const key = `${n} ${d}`;
  let found = drawn.get(key);
  if (!found) {
    const values = Array.from({ length: DRAWS }, (_, k) => {
      const data = Float32Array.from(new Rng(k, 'unsplit', n, d).normals(n * d));
      return Math.log(twoMeans({ data, n, d }, k, SMALLEST_SIDE).separation);
    });
    const mean = values.reduce((a, b) => a + b, 0) / DRAWS;
    const sd = Math.sqrt(values.reduce((a, b) => a + (b - mean) ** 2, 0) / (DRAWS - 1));
    found = { mean, sd };
    drawn.set(key, found);
  }
  return found;
}

/**
 * ln d′ that a split of n points shows where there is nothing to split, one normal distribution in `d` dimensions: mean and standard
 * deviation. Fewer points can be parted further, so that without it a class would stand out for being small.
 */
export function unsplit(n: number, d: number): { mean: number; sd: number } {
  const after = DRAWN.findIndex((size) => size >= n);
  if (after === 0 || after < 0) return unsplitAt(DRAWN.at(after)!, d);
  const [a, b] = [DRAWN[after - 1], DRAWN[after]];
  const [low, high] = [unsplitAt(a, d), unsplitAt(b, d)];
  const share = Math.log(n / a) / Math.log(b / a);
  const between = (x: number, y: number) => x + share * (y - x);
  return { mean: between(low.mean, high.mean), sd: between(low.sd, high.sd) };
}

/** Covariance within the sides, weights r and 1 − r, [d, d]. */
export function pooled(points: Matrix, r: ArrayLike<number>, centres: Float64Array[], ridge: number): Float64Array {
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

/** Mahalanobis distance of two sides; 0 where one is empty. */
function separationOf(points: Matrix, side: Uint8Array): number {
  const { d } = points;
  const centres = [0, 1].map((k) => means(points, (i) => Number(side[i] === k)));
  if (centres.some((c) => c.total === 0)) return 0;
  const [a, b] = centres.map((c) => c.mean);
  const inverse = inverseSpd(pooled(points, side, [a, b], RIDGE), d);
  let square = 0;
  for (let i = 0; i < d; i++) for (let j = 0; j < d; j++) square += (b[i] - a[i]) * inverse[i * d + j] * (b[j] - a[j]);
  return Math.sqrt(square);
}
