/** Jointly normal variables: I = ½ ln(det Σ_a · det Σ_b / det Σ). */
import type { Rng } from '../../base/random.js';
import { cholesky, logDetSpd } from '../linalg.js';
import { continuousTask, type Pair, type Task } from './types.js';

/** Mutual information in nats of the first `p` and the last `q` columns of a normal law of covariance [p + q, p + q]. */
export function normalInformation(covariance: Float64Array, p: number, q: number): number {
  const d = p + q;
  const block = (from: number, size: number) => {
    const out = new Float64Array(size * size);
    for (let i = 0; i < size; i++)
      for (let j = 0; j < size; j++) out[i * size + j] = covariance[(from + i) * d + from + j];
    return out;
  };
  return 0.5 * (logDetSpd(block(0, p), p) + logDetSpd(block(p, q), q) - logDetSpd(covariance, d));
}

/** Draws from N(0, covariance) into the pair, the first columns into `a`. */
export function normalDraw(covariance: Float64Array, p: number, q: number): (rng: Rng, pair: Pair) => void {
  const d = p + q;
  const l = cholesky(covariance, d);
  if (!l) throw new Error('the covariance of a task is not positive definite');
  const z = new Float64Array(d);
  return (rng, { a, b }) => {
    for (let i = 0; i < d; i++) z[i] = rng.normal();
    for (let i = 0; i < d; i++) {
      let s = 0;
      for (let k = 0; k <= i; k++) s += l[i * d + k] * z[k];
      if (i < p) a[i] = s;
      else b[i - p] = s;
    }
  };
}

function normalTask(id: string, summary: string, p: number, q: number, covariance: Float64Array): Task {
  return continuousTask(id, summary, p, q, normalInformation(covariance, p, q), normalDraw(covariance, p, q));
}

/** Ones on the diagonal, `rho` everywhere else. */
export function denseCovariance(d: number, rho: number): Float64Array {
  return Float64Array.from({ length: d * d }, (_, i) => (i % (d + 1) === 0 ? 1 : rho));
}

/** Standard normal columns, of which the first `pairs` of `a` are correlated by `rho` with the first of `b`. */
export function sparseCovariance(p: number, q: number, pairs: number, rho: number): Float64Array {
  const d = p + q;
  const out = denseCovariance(d, 0);
  for (let i = 0; i < pairs; i++) {
    out[i * d + p + i] = rho;
    out[(p + i) * d + i] = rho;
  }
  return out;
}

const bivariate = (rho: number) =>
  normalTask(`normal-1x1-${rho}`, `bivariate normal of correlation ${rho}`, 1, 1, sparseCovariance(1, 1, 1, rho));
const dense = (d: number) =>
  normalTask(
    `normal-dense-${d}x${d}`,
    `normal, all ${2 * d} columns correlated by 0.5`,
    d,
    d,
    denseCovariance(2 * d, 0.5),
  );
const sparse = (d: number) =>
  normalTask(
    `normal-sparse-${d}x${d}`,
    `normal, two pairs of columns correlated by 0.8, the other ${2 * d - 4} independent`,
    d,
    d,
    sparseCovariance(d, d, 2, 0.8),
  );

/** A: Y ~ N(0, 3·I₅); B: its first three columns plus N(0, 0.5·I₃). Truth 1.5·ln 7. */
const threeOfFive = continuousTask(
  'normal-3v5',
  'three of five normal columns of variance 3, seen through noise of variance 0.5',
  3,
  5,
  1.5 * Math.log(7),
  (rng, { a, b }) => {
    for (let i = 0; i < 5; i++) b[i] = Math.sqrt(3) * rng.normal();
    for (let i = 0; i < 3; i++) a[i] = b[i] + Math.sqrt(0.5) * rng.normal();
  },
);

/**
 * The Markov chain A → B → C of standard normals with correlations `ab`, `bc`, so ac = ab·bc: the three pairs as tasks.
 * With the same seed they are pairs of one and the same sample of chains.
 */
export function markovChain(ab = 0.9, bc = 0.8): { ab: Task; bc: Task; ac: Task } {
  const draw = (rng: Rng) => {
    const a = rng.normal();
    const b = ab * a + Math.sqrt(1 - ab * ab) * rng.normal();
    const c = bc * b + Math.sqrt(1 - bc * bc) * rng.normal();
    return [a, b, c];
  };
  const pair = (name: string, from: number, to: number, rho: number): Task => {
    const chain = continuousTask('markov', '', 1, 1, -0.5 * Math.log(1 - rho * rho), (rng, into) => {
      const abc = draw(rng);
      into.a[0] = abc[from];
      into.b[0] = abc[to];
    });
    return {
      ...chain,
      id: `markov-${name}`,
      summary: `ends of ${name.toUpperCase()} in the normal Markov chain A → B → C`,
    };
  };
  return { ab: pair('ab', 0, 1, ab), bc: pair('bc', 1, 2, bc), ac: pair('ac', 0, 2, ab * bc) };
}

const chain = markovChain();

export const normalTasks: Task[] = [
  bivariate(0),
  bivariate(0.5),
  bivariate(0.9),
  bivariate(0.99),
  dense(2),
  dense(5),
  dense(25),
  sparse(2),
  sparse(5),
  sparse(25),
  threeOfFive,
  chain.ab,
  chain.bc,
  chain.ac,
];
