/**
 * A task: two random variables whose mutual information is known, and a sampler of them. In the spirit of the bmi benchmark
 * (Czyż, Grabowski, Vogt, Beerenwinkel and Marx 2023, "Beyond Normal"): estimators are judged by their error on tasks.
 */
import { Rng } from '../../base/random.js';
import type { Samples } from '../types.js';

export interface Task {
  id: string;
  /** One line: what the variables are. */
  summary: string;
  /** I(A; B) in nats. */
  truth: number;
  /** Standard error of `truth` if it comes from a simulation; 0 if it comes from a formula. */
  truthError: number;
  /** `n` independent pairs; the same seed gives the same pairs. */
  sample(n: number, seed: number): { a: Samples; b: Samples };
}

/** What a sampler writes one pair into. */
export interface Pair {
  a: Float64Array;
  b: Float64Array;
}

/**
 * A task from a function that draws one pair of continuous variables of `p` and `q` columns. Its arguments are positional so that a task is one
 * entry of a list, in the order of the fields of `Task`.
 */
export function continuousTask(
  id: string,
  summary: string,
  p: number,
  q: number,
  truth: number,
  draw: (rng: Rng, pair: Pair) => void,
  truthError = 0,
): Task {
  return {
    id,
    summary,
    truth,
    truthError,
    sample(n, seed) {
      const rng = new Rng(seed, 'task', id);
      const a = new Float64Array(n * p);
      const b = new Float64Array(n * q);
      for (let i = 0; i < n; i++) draw(rng, { a: a.subarray(i * p, (i + 1) * p), b: b.subarray(i * q, (i + 1) * q) });
      return { a: { data: a, n, d: p, discrete: false }, b: { data: b, n, d: q, discrete: false } };
    },
  };
}
