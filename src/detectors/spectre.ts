/**
 * SPECTRE: within each class, the features are whitened by a robust estimate of the covariance of the clean samples. Poisoned samples,
 * which may lie along a direction of small variance, then have the largest variance, and their QUE score is high.
 *
 * Hayase et al., "SPECTRE: Defending Against Backdoor Attacks Using Robust Statistics", ICML 2021 (arXiv 2104.11315). QUE scores are
 * those of Dong, Hopkins and Li, NeurIPS 2019 (arXiv 1906.11366).
 *
 * Robust estimate: the filter for a Gaussian covariance of Diakonikolas et al., "Being Robust (in High Dimensions) Can Be Practical",
 * ICML 2017. V is the direction in the space of symmetric matrices along which y·yᵀ of the whitened samples y varies most. Samples with
 * yᵀ·V·y far from its median are dropped, until no more are far from it than in a Gaussian, or 2·ε·n are dropped. The authors' code
 * compares with a bound for any n and d, which only extreme samples exceed; this file compares with the tail of a Gaussian. Where more
 * than about a fifth of a class is poisoned, V may be another direction than that of the poisoned samples, and only those that lie far
 * away are found.
 */
import { indicesByClass } from '../datasets/limits.js';
import { type Matrix, rowsOf } from '../information/columns.js';
import { cholesky, crossProduct, forwardSolve, symmetricEigen } from '../information/linalg.js';
import { descending } from './highest.js';
import { defineDetector } from './types.js';

/** α of the QUE score, as in the paper. */
const ALPHA = 4;
/** Most principal components, as in the authors' code. */
const COMPONENTS = 64;
/** Numbers k of components that are compared, evenly spaced in √k, as in the authors' code. */
const CHOICES = 8;
/** Samples a class needs for each component. Classes with fewer than ten samples score 0. */
const SAMPLES_PER_COMPONENT = 10;
/** Components whose variance is a smaller share of the largest one are rounding errors. */
const SMALLEST_VARIANCE = 1e-9;
/** ‖Σ‖ − 1 below which Q is I: the whitened samples have variance 1 in every direction but for rounding errors. */
const SMALLEST_EXCESS = 1e-9;
/** Samples removed, as a multiple of ε·n, as in the paper. */
const REMOVED = 1.5;
/** Largest share of a class that is taken for poisoned, so that at least half of it stays. */
const MOST = 1 / 3;
/** Samples that the robust estimate drops at most, as a multiple of ε·n, as in the authors' code. */
const DROPPED = 2;
/** Rounds of the filter, and power iterations of each. */
const ROUNDS = 10;
const STEPS = 10;
/** The filter allows this multiple of a Gaussian's tail: "cher" of Diakonikolas et al. */
const TAIL = 2.5;
/** Median of z² of a standard normal z. */
const MEDIAN_OF_SQUARE = 0.4549364;

/** Samples in double precision, [n, d] row-major. */
interface Points {
  data: Float64Array;
  n: number;
  d: number;
}

/**
 * The score is the QUE score τᵢ = hᵢᵀ·Q·hᵢ / tr Q of the whitened features h, where Q = exp(α·(Σ − I) / (‖Σ‖ − 1)) is a matrix
 * exponential and Σ the second moment of h. It is about 1 for clean samples of every class. The number k of principal components is
 * the one for which the samples that stay after removal whiten the class to the largest mean QUE score. That mean is the class's score.
 *
 * The authors' code judges a class that is known to be the target. Here it is the class with the largest score: only there 1.5·ε·n
 * samples are flagged. They are flagged also if the set is clean.
 */
export const spectre = defineDetector({
  name: 'SPECTRE',
  summary: 'outliers of each class after robust whitening, by their QUE score',
  source: 'Hayase et al., ICML 2021, arXiv 2104.11315',
  threatModel: 'A',
  needs: ['set', 'classes', 'features', 'epsilon'],
  async detect({ set, classes, features, epsilon }, step) {
    const scores = new Float64Array(set.n);
    const classScores = new Float64Array(classes);
    const removed: number[][] = [];
    for (const [k, rows] of indicesByClass(set.labels, classes).entries()) {
      removed.push([]);
      if (rows.length >= SAMPLES_PER_COMPONENT) {
        const judged = judgeClass(components(rowsOf(features, rows)), Math.min(epsilon * set.n, rows.length * MOST));
        judged.tau.forEach((t, i) => {
          scores[rows[i]] = t;
        });
        classScores[k] = judged.meanQue;
        removed[k] = judged.removed.map((i) => rows[i]);
      }
      step?.((k + 1) / classes);
    }
    const target = classScores.indexOf(Math.max(...classScores));
    const flagged = new Uint8Array(set.n);
    for (const i of removed[target]) flagged[i] = 1;
    return { scores, flagged, classScores, targets: removed[target].length > 0 ? [target] : [] };
  },
});

/** What is found in one class: QUE scores, their mean once the removed samples do not whiten, and the rows that are removed. */
interface Judged {
  tau: Float64Array;
  meanQue: number;
  removed: number[];
}

/** One class with the best number of components, given that `poisoned` of its samples may be poisoned. */
function judgeClass(points: Points, poisoned: number): Judged {
  const root = Math.sqrt(points.d);
  const choices = Array.from({ length: CHOICES }, (_, i) => Math.round((1 + (i * (root - 1)) / (CHOICES - 1)) ** 2));
  const count = Math.round(REMOVED * poisoned);
  let best: Judged = { tau: new Float64Array(0), meanQue: Number.NEGATIVE_INFINITY, removed: [] };
  for (const k of new Set(choices)) {
    const some = firstColumns(points, k);
    const tau = queScores(whitened(some, cleanRows(some, Math.round(DROPPED * poisoned))));
    const order = descending(tau);
    const left = queScores(whitened(points, order.slice(count)));
    const meanQue = left.reduce((s, t) => s + t, 0) / points.n;
    if (meanQue > best.meanQue) best = { tau, meanQue, removed: order.slice(0, count) };
  }
  return best;
}

/** Coordinates along the leading principal components, of which there are as many as the number of samples allows. */
function components({ data, n, d }: Matrix): Points {
  const centred = Float64Array.from(data);
  const { mean } = moments({ data: centred, n, d }, null);
  for (let i = 0; i < n; i++) for (let j = 0; j < d; j++) centred[i * d + j] -= mean[j];
  const { values, vectors } = symmetricEigen(crossProduct(centred, centred, n, d, d), d);
  const varied = values.filter((v) => v > SMALLEST_VARIANCE * values[0]).length;
  const k = Math.max(1, Math.min(COMPONENTS, varied, Math.floor(n / SAMPLES_PER_COMPONENT)));
  const out = new Float64Array(n * k);
  for (let i = 0; i < n; i++)
    for (let c = 0; c < k; c++) {
      let s = 0;
      for (let j = 0; j < d; j++) s += centred[i * d + j] * vectors[c * d + j];
      out[i * k + c] = s;
    }
  return { data: out, n, d: k };
}

function firstColumns({ data, n, d }: Points, k: number): Points {
  const out = new Float64Array(n * k);
  for (let i = 0; i < n; i++) out.set(data.subarray(i * d, i * d + k), i * k);
  return { data: out, n, d: k };
}

/** Mean [d] and covariance [d, d] of some rows, or of all. */
function moments(
  { data, n, d }: Points,
  rows: readonly number[] | null,
): { mean: Float64Array; covariance: Float64Array } {
  const chosen = rows ? new Float64Array(rows.length * d) : data.slice();
  rows?.forEach((r, i) => {
    chosen.set(data.subarray(r * d, (r + 1) * d), i * d);
  });
  const m = rows?.length ?? n;
  const mean = new Float64Array(d);
  for (let i = 0; i < m; i++) for (let j = 0; j < d; j++) mean[j] += chosen[i * d + j] / m;
  for (let i = 0; i < m; i++) for (let j = 0; j < d; j++) chosen[i * d + j] -= mean[j];
  return { mean, covariance: crossProduct(chosen, chosen, m, d, d).map((v) => v / m) };
}

/** All points, in coordinates in which `rows` have mean 0 and covariance I. QUE scores do not depend on their rotation. */
function whitened(points: Points, rows: readonly number[]): Points {
  const { n, d } = points;
  const { mean, covariance } = moments(points, rows);
  // The rows may be constant along a direction in which others vary.
  const floor = 1e-12 * covariance[0] || 1;
  for (let j = 0; j < d; j++) covariance[j * d + j] += floor;
  const factor = cholesky(covariance, d);
  if (!factor) throw new Error(`the covariance of ${rows.length} samples in ${d} dimensions is singular`);
  const data = points.data.slice();
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < d; j++) data[i * d + j] -= mean[j];
    forwardSolve(factor, d, data, i);
  }
  return { data, n, d };
}

/** Rows that the filter keeps: at most `budget` are dropped. */
function cleanRows(points: Points, budget: number): number[] {
  let kept = Array.from({ length: points.n }, (_, i) => i);
  for (let round = 0, left = budget; round < ROUNDS && left > 0; round++) {
    const white = whitened(points, kept);
    const v = varyingMost(white, kept);
    const along = kept.map((r) => quadratic(white.data, r * white.d, v, white.d) / Math.SQRT2);
    const middle = [...along].sort((a, b) => a - b)[kept.length >> 1];
    const away = Float64Array.from(along, (p) => Math.abs(p - middle));
    const order = descending(away);
    let count = 0;
    for (let i = 1; i <= left; i++) {
      // With ‖V‖ = 1, no quadratic form of a Gaussian has a heavier tail than the square z² of one normal variable.
      const z = Math.sqrt(MEDIAN_OF_SQUARE + Math.SQRT2 * away[order[i - 1]]);
      const tail = (Math.sqrt(2 / Math.PI) * Math.exp((-z * z) / 2)) / z;
      if (i / kept.length > TAIL * tail) count = i;
    }
    if (count === 0) break;
    const dropped = new Set(order.slice(0, count).map((i) => kept[i]));
    kept = kept.filter((r) => !dropped.has(r));
    left -= count;
  }
  return kept;
}

/** yᵀ·V·y of the row of `data` that starts at `o`; V is symmetric. */
function quadratic(data: Float64Array, o: number, v: Float64Array, d: number): number {
  let sum = 0;
  for (let a = 0; a < d; a++) {
    let s = v[a * d + a] * data[o + a];
    for (let b = 0; b < a; b++) s += 2 * v[a * d + b] * data[o + b];
    sum += s * data[o + a];
  }
  return sum;
}

/**
 * The symmetric V, ‖V‖ = 1, along which y·yᵀ of some rows varies most: the first eigenvector of the mean of (y⊗y)·(y⊗y)ᵀ less
 * vec I·(vec I)ᵀ, by power iterations from V = I. The rows have covariance I.
 */
function varyingMost({ data, d }: Points, rows: readonly number[]): Float64Array {
  let v = new Float64Array(d * d);
  for (let a = 0; a < d; a++) v[a * d + a] = 1;
  for (let s = 0; s < STEPS; s++) {
    const next = new Float64Array(d * d);
    let trace = 0;
    for (let a = 0; a < d; a++) trace += v[a * d + a];
    for (const r of rows) {
      const o = r * d;
      const q = quadratic(data, o, v, d) / rows.length;
      for (let a = 0; a < d; a++) {
        const f = q * data[o + a];
        for (let b = 0; b <= a; b++) next[a * d + b] += f * data[o + b];
      }
    }
    let square = 0;
    for (let a = 0; a < d; a++) {
      next[a * d + a] -= trace;
      for (let b = 0; b <= a; b++) {
        next[b * d + a] = next[a * d + b];
        square += (a === b ? 1 : 2) * next[a * d + b] ** 2;
      }
    }
    v = next.map((x) => x / Math.sqrt(square));
  }
  return v;
}

/** QUE score of each whitened sample, [n]. */
function queScores({ data, n, d }: Points): Float64Array {
  const { values, vectors } = symmetricEigen(
    crossProduct(data, data, n, d, d).map((v) => v / n),
    d,
  );
  // Q has the eigenvectors of Σ, and the eigenvalues exp(α·(λ − 1) / (λ₁ − 1)).
  const excess = values[0] - 1;
  const weights = values.map((v) => (excess > SMALLEST_EXCESS ? Math.exp((ALPHA * (v - 1)) / excess) : 1));
  const trace = weights.reduce((s, w) => s + w, 0);
  const out = new Float64Array(n);
  for (let i = 0; i < n; i++)
    for (let c = 0; c < d; c++) {
      let s = 0;
      for (let j = 0; j < d; j++) s += vectors[c * d + j] * data[i * d + j];
      out[i] += (weights[c] / trace) * s * s;
    }
  return out;
}
