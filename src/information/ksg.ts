/**
 * KSG: mutual information of two continuous variables from nearest-neighbour distances (Kraskov, Stögbauer and Grassberger
 * 2004, "Estimating mutual information", algorithms 1 and 2). X [n, d], Y [n, e] → nats.
 *
 * Algorithm 1: ε_i is the distance to the k-th neighbour of (x_i, y_i) under the maximum norm, n_x(i) the number of other
 * points with |x_j − x_i| < ε_i, and I = ψ(k) + ψ(n) − ⟨ψ(n_x + 1) + ψ(n_y + 1)⟩.
 * Algorithm 2: ε_x(i), ε_y(i) are the largest distances to the k neighbours in X and in Y, the counts include the
 * boundary, and I = ψ(k) − 1/k + ψ(n) − ⟨ψ(n_x) + ψ(n_y)⟩.
 *
 * If k neighbours coincide (ε = 0), the coinciding points are counted, as in scikit-learn. The value is invariant under invertible maps
 * of either variable only in the limit of many samples. At finite n the scales of the columns matter, so columns are standardised
 * unless `standardise` is false. Small negative values are noise around 0 and are kept.
 */
import { UserError } from '../base/errors.js';
import { KdTree, SortedLine } from './kdtree.js';
import { partsError, settled } from './resample.js';
import {
  CONSTANT,
  type Columns,
  checkKind,
  checkPair,
  oneRowPerSample,
  prepare,
  warnFew,
  warnTails,
} from './samples.js';
import { digammaTable } from './special.js';
import { type DirectEstimator, type Estimate, type EstimateOptions, SATURATION, type Samples } from './types.js';

/** Settings of `ksg`. */
export interface KsgOptions {
  /** Number of the neighbour. A small one has less bias and more variance. Default 3, within the authors' range of 2 to 4. */
  k?: number;
  /** Algorithm 1 or 2 of the paper. Default 1. */
  algorithm?: 1 | 2;
  /** Whether every column is standardised first. Default true. */
  standardise?: boolean;
}

/** KSG with a standard error from disjoint parts of the samples, which costs about 2.5 times the estimate itself (`ksgLocal`). */
export function ksg({ k = 3, algorithm = 1, standardise = true }: KsgOptions = {}): DirectEstimator {
  if (!Number.isInteger(k) || k < 1) throw new UserError(`ksg: k must be a whole number from 1 on, got ${k}`);
  const settings = { k, algorithm, standardise };
  return {
    name: 'ksg',
    summary: `nearest neighbours (k = ${k}), continuous variables of few dimensions`,
    source: 'Kraskov, Stögbauer and Grassberger 2004, Phys. Rev. E 69, 066138',
    estimate: (a, b, options) => estimate(a, b, settings, options),
  };
}

function estimate(first: Samples, second: Samples, o: Required<KsgOptions>, options: EstimateOptions): Estimate {
  const { k, algorithm, standardise } = o;
  checkPair('ksg', first, second, options);
  for (const s of [first, second]) checkKind('ksg', s, 'continuous', '"ross", "gao" or "plugin"');
  const warnings: string[] = [];
  const [a, b] = oneRowPerSample(first, second, options, warnings);
  const n = a.n;
  if (n <= k + 1) throw new UserError(`ksg: k = ${k} needs at least ${k + 2} samples, got ${n}`);
  const x = prepare(a, 'first', warnings, standardise);
  const y = prepare(b, 'second', warnings, standardise);
  const psi = digammaTable(n);
  // At least k − 1 (algorithm 2: k) others lie within ε in either variable, so neither count can be smaller.
  const ceiling = algorithm === 1 ? psi[n] - psi[k] : psi[n] - psi[k] - 1 / k;
  const common = { estimator: 'ksg', ceiling, trainNats: null, heldOutNats: null, samples: n, draws: 1, warnings };
  if (x.d === 0 || y.d === 0) {
    warnings.push(CONSTANT);
    const exact = { nats: 0, standardError: 0, standardErrorMethod: 'exact', saturated: false, converged: true };
    return { ...common, ...exact, details: { k, algorithm } };
  }
  const whole = ksgLocal(x, y, k, algorithm);
  const error = partsError(n, Math.max(20, 4 * k), options.seed, whole, (rows) => {
    options.signal?.throwIfAborted();
    return ksgLocal(pick(x, rows), pick(y, rows), k, algorithm).nats;
  });
  // Without ties, the k-th neighbour is on the boundary in one variable and counted in the other.
  const saturated = whole.nats >= SATURATION * (psi[n] - psi[k] - 1 / k);
  warnNeighbours(n, k, whole.tied, warnings);
  if (saturated)
    warnings.push(
      `${n} samples cannot show more than ${ceiling.toFixed(2)} nats with k = ${k}: the true value may be higher.`,
    );
  const converged = settled(whole.nats, error, warnings);
  if (standardise)
    warnTails(
      [x, y],
      'the value is too low; replace the columns by their asinh or their ranks, which changes no information',
      warnings,
    );
  // KSG's bias grows with the dimension: at 10 columns neighbours among a thousand samples are no longer near.
  if (x.d + y.d > 10)
    warnings.push(`${x.d + y.d} dimensions together are many for nearest neighbours: the value is usually too low.`);
  return {
    ...common,
    nats: whole.nats,
    standardError: error.standardError,
    standardErrorMethod: error.method,
    saturated,
    converged,
    details: { k, algorithm, tied: whole.tied, ...(error.drift === null ? {} : { drift: error.drift }) },
  };
}

/** Warnings about few samples, a large k and coinciding samples. */
function warnNeighbours(n: number, k: number, tied: number, warnings: string[]): void {
  warnFew(n, warnings);
  if (k > n / 10) warnings.push(`k = ${k} is more than a tenth of ${n} samples: the k nearest ones are not near.`);
  if (tied > 0)
    warnings.push(
      `${tied} of ${n} samples coincide with ${k} others: the variables are not continuous there; use "gao" for such mixtures.`,
    );
}

/** The given rows of prepared columns. */
export function pick(s: Columns, rows: Int32Array): Columns {
  const data = new Float64Array(rows.length * s.d);
  for (let i = 0; i < rows.length; i++) data.set(s.data.subarray(rows[i] * s.d, (rows[i] + 1) * s.d), i * s.d);
  return { data, n: rows.length, d: s.d };
}

/** Counter of the neighbours of a row in one variable: a sorted list in one dimension, a k-d tree in more. */
export function counter(s: Columns): (row: number, radius: number, closed: boolean) => number {
  if (s.d === 1) {
    const line = new SortedLine(s.data);
    return (row, radius, closed) => line.countWithin(s.data[row], radius, closed);
  }
  const tree = new KdTree(s.data, s.n, s.d);
  const position = new Int32Array(s.n);
  tree.order.forEach((row, p) => {
    position[row] = p;
  });
  return (row, radius, closed) => tree.countWithin(position[row], radius, closed);
}

/** Columns of both variables side by side. */
export function join(x: Columns, y: Columns): Columns {
  const d = x.d + y.d;
  const data = new Float64Array(x.n * d);
  for (let i = 0; i < x.n; i++) {
    data.set(x.data.subarray(i * x.d, (i + 1) * x.d), i * d);
    data.set(y.data.subarray(i * y.d, (i + 1) * y.d), i * d + x.d);
  }
  return { data, n: x.n, d };
}

/** Largest column-wise distance between rows i and j. */
function distance(s: Columns, i: number, j: number): number {
  let far = 0;
  for (let c = 0; c < s.d; c++) far = Math.max(far, Math.abs(s.data[i * s.d + c] - s.data[j * s.d + c]));
  return far;
}

/** The estimate without a standard error, the term of each sample, and the number of samples that coincide with at least k others. */
export function ksgLocal(
  x: Columns,
  y: Columns,
  k: number,
  algorithm: 1 | 2 = 1,
): { nats: number; local: Float64Array; tied: number } {
  const n = x.n;
  const psi = digammaTable(n);
  const joint = join(x, y);
  const tree = new KdTree(joint.data, n, joint.d);
  const countX = counter(x);
  const countY = counter(y);
  const distances = new Float64Array(k);
  const neighbours = new Int32Array(k);
  const local = new Float64Array(n);
  const constant = psi[n] + psi[k] - (algorithm === 1 ? 0 : 1 / k);
  let nats = 0;
  let tied = 0;
  for (let p = 0; p < n; p++) {
    const i = tree.order[p];
    tree.nearest(p, k, distances, neighbours);
    if (distances[k - 1] === 0) tied++;
    if (algorithm === 1) {
      // The point itself is among those counted: that is the + 1 of n_x + 1.
      const radius = distances[k - 1];
      local[i] = constant - psi[countX(i, radius, false)] - psi[countY(i, radius, false)];
    } else {
      let inX = 0;
      let inY = 0;
      for (const q of neighbours) {
        inX = Math.max(inX, distance(x, i, tree.order[q]));
        inY = Math.max(inY, distance(y, i, tree.order[q]));
      }
      local[i] = constant - psi[countX(i, inX, true) - 1] - psi[countY(i, inY, true) - 1];
    }
    nats += local[i] / n;
  }
  return { nats, local, tied };
}
