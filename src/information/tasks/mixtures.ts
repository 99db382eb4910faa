/**
 * Mixtures of normals: inliers with outliers, and a cross whose arms cancel in every correlation. No formula gives their
 * information; it is the mean of ln p(a, b) / (p(a) p(b)) over 10⁸ draws, by `test/golden/information.py`.
 */
import type { Rng } from '../../base/random.js';
import { cholesky, forwardSolve, logDet } from '../linalg.js';
import { denseCovariance, normalDraw, sparseCovariance } from './normal.js';
import { continuousTask, type Pair, type Task } from './types.js';

/** A mixture task knows the log-ratio ln p(a, b) / (p(a) p(b)) at a pair, whose mean is the truth. */
export interface MixtureTask extends Task {
  logRatio(a: Float64Array, b: Float64Array): number;
}

interface Part {
  weight: number;
  covariance: Float64Array;
}

/** Log density of N(0, covariance) on the columns `from` … `from + size − 1` of `d`. */
function logDensity({ covariance }: Part, d: number, from: number, size: number): (v: Float64Array) => number {
  const block = new Float64Array(size * size);
  for (let i = 0; i < size; i++)
    for (let j = 0; j < size; j++) block[i * size + j] = covariance[(from + i) * d + from + j];
  const l = cholesky(block, size)!;
  const constant = -0.5 * (size * Math.log(2 * Math.PI) + logDet(l, size));
  return (v) => {
    const z = Float64Array.from(v);
    forwardSolve(l, size, z);
    return constant - 0.5 * z.reduce((s, c) => s + c * c, 0);
  };
}

/** A mixture as a task; arguments in the order of the fields of `Task`, as for `continuousTask`. */
function mixture(
  id: string,
  summary: string,
  d: number,
  parts: Part[],
  truth: number,
  truthError: number,
): MixtureTask {
  const draws = parts.map((part) => normalDraw(part.covariance, d, d));
  const log = (from: number, size: number) => {
    const densities = parts.map((part) => logDensity(part, 2 * d, from, size));
    return (v: Float64Array) => {
      const terms = densities.map((density, i) => Math.log(parts[i].weight) + density(v));
      const top = Math.max(...terms);
      return top + Math.log(terms.reduce((s, t) => s + Math.exp(t - top), 0));
    };
  };
  const [joint, inA, inB] = [log(0, 2 * d), log(0, d), log(d, d)];
  const draw = (rng: Rng, pair: Pair) => {
    const u = rng.uniform();
    let part = 0;
    for (let sum = parts[0].weight; u >= sum && part < parts.length - 1; sum += parts[part].weight) part++;
    draws[part](rng, pair);
  };
  return {
    ...continuousTask(id, summary, d, d, truth, draw, truthError),
    logRatio: (a, b) => joint(Float64Array.of(...a, ...b)) - inA(a) - inB(b),
  };
}

const wide = (d: number, std: number) => denseCovariance(d, 0).map((v) => v * std * std);

export const mixtureTasks: MixtureTask[] = [
  mixture(
    'inliers-outliers-1x1',
    '80 % bivariate normal of correlation 0.9, 20 % independent and five times as wide',
    1,
    [
      { weight: 0.8, covariance: sparseCovariance(1, 1, 1, 0.9) },
      { weight: 0.2, covariance: wide(2, 5) },
    ],
    0.720346,
    9.6e-5,
  ),
  mixture(
    'inliers-outliers-3x3',
    '80 % three pairs of normals of correlation 0.8, 20 % independent and five times as wide',
    3,
    [
      { weight: 0.8, covariance: sparseCovariance(3, 3, 3, 0.8) },
      { weight: 0.2, covariance: wide(6, 5) },
    ],
    1.587559,
    1.3e-4,
  ),
  mixture(
    'cross-1x1',
    'half correlation 0.95, half −0.95: dependent without any correlation',
    1,
    [
      { weight: 0.5, covariance: sparseCovariance(1, 1, 1, 0.95) },
      { weight: 0.5, covariance: sparseCovariance(1, 1, 1, -0.95) },
    ],
    0.663568,
    8.4e-5,
  ),
];
