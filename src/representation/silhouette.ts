/** Samples in the space of T [n, d]: silhouettes of clusters, and the place of poisoned samples between source and target class. */
import type { Matrix } from '../information/columns.js';

/** Euclidean distances of all rows, [n, n] row-major. */
export function distances({ data, n, d }: Matrix): Float32Array {
  const out = new Float32Array(n * n);
  for (let i = 0; i < n; i++)
    for (let j = 0; j < i; j++) {
      let sum = 0;
      for (let c = 0; c < d; c++) sum += (data[i * d + c] - data[j * d + c]) ** 2;
      out[i * n + j] = out[j * n + i] = Math.sqrt(sum);
    }
  return out;
}

/**
 * Silhouette (b − a) / max(a, b) of every sample, −1 … 1 (Rousseeuw 1987): a is its mean distance to the other samples of its cluster, b to
 * those of the nearest other cluster. It is 0 for the only sample of a cluster, and NaN for all samples of a single cluster. `between` is
 * the result of `distances`; `cluster` holds numbers from 0.
 */
export function silhouettes(between: Float32Array, cluster: Int32Array): Float64Array {
  const n = cluster.length;
  const clusters = Math.max(-1, ...cluster) + 1;
  const sizes = new Int32Array(clusters);
  for (const k of cluster) sizes[k]++;
  if (sizes.filter((s) => s > 0).length < 2) return new Float64Array(n).fill(Number.NaN);
  return Float64Array.from(cluster, (own, i) => {
    if (sizes[own] === 1) return 0;
    const sums = new Float64Array(clusters);
    for (let j = 0; j < n; j++) sums[cluster[j]] += between[i * n + j];
    const a = sums[own] / (sizes[own] - 1);
    let b = Number.POSITIVE_INFINITY;
    for (let k = 0; k < clusters; k++) if (k !== own && sizes[k] > 0) b = Math.min(b, sums[k] / sizes[k]);
    return a === b ? 0 : (b - a) / Math.max(a, b);
  });
}

/** Mean distances of poisoned samples to the target class and to their source classes. */
export interface Place {
  /** Mean distance of the poisoned samples to the centre of the target class's clean samples, in units of `spread`. */
  toTarget: number;
  /** The same to the centre of the class from which each sample comes. */
  toSource: number;
  /** Mean distance of clean samples to the centre of their own class, in the unit of T. */
  spread: number;
}

/**
 * Place of the poisoned samples. `source` is the class from which each sample comes, `poisoned` flags the poisoned samples; the others are
 * clean and give the centres. Null without poisoned samples, or without clean samples of the target class.
 */
export function place(t: Matrix, source: Int32Array, poisoned: ArrayLike<number>, target: number): Place | null {
  const { data, n, d } = t;
  const centres = new Map<number, { sum: Float64Array; count: number }>();
  for (let i = 0; i < n; i++) {
    if (poisoned[i]) continue;
    const centre = centres.get(source[i]) ?? { sum: new Float64Array(d), count: 0 };
    centres.set(source[i], centre);
    centre.count++;
    for (let c = 0; c < d; c++) centre.sum[c] += data[i * d + c];
  }
  const away = (i: number, k: number) => {
    const centre = centres.get(k);
    if (!centre) return Number.NaN;
    let sum = 0;
    for (let c = 0; c < d; c++) sum += (data[i * d + c] - centre.sum[c] / centre.count) ** 2;
    return Math.sqrt(sum);
  };
  const mean = (wanted: boolean, k: (i: number) => number) => {
    let sum = 0;
    let count = 0;
    for (let i = 0; i < n; i++) {
      const value = Boolean(poisoned[i]) === wanted ? away(i, k(i)) : Number.NaN;
      if (!Number.isFinite(value)) continue;
      sum += value;
      count++;
    }
    return sum / count;
  };
  const spread = mean(false, (i) => source[i]);
  const toTarget = mean(true, () => target) / spread;
  const toSource = mean(true, (i) => source[i]) / spread;
  return Number.isFinite(toTarget) ? { toTarget, toSource, spread } : null;
}
