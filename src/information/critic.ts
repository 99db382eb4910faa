/**
 * Critics f(a, b) → score: small networks that distinguish true pairs from independent ones.
 *
 * Several critics are trained side by side: every tensor has a leading axis of G independent critics.
 * a [G, m, dₐ], b [G, k, d_b] → scores [G, m, k].
 *
 * - `concat`: an MLP on [a; b] with two hidden layers. Its first layer is linear, W·[a; b] = W_a·a + W_b·b, so each side is multiplied once
 *   per sample, and only the sums are computed per pair. Function and gradients equal those of the naive form, at a fraction of the work.
 * - `quadratic`: g(a)·h(b), with g and h linear in the columns and their squares. It is optimal for Gaussian pairs whose columns are
 *   conditionally independent, and overfits latest.
 * - `separable`: `quadratic` with an MLP added to g and to h.
 * - `bilinear`: aᵀ·M·b.
 */
import type { Rng } from '../base/random.js';
import {
  add,
  concat,
  input,
  matmul,
  mul,
  relu,
  reshape,
  type Shape,
  sizeOf,
  type Tensor,
  transpose,
} from '../engine/index.js';
import { pairRelu, pairScore } from './pairs.js';

/** The kinds of critic. */
export const criticKinds = ['quadratic', 'separable', 'bilinear', 'concat'] as const;
/** One of `criticKinds`. */
export type CriticKind = (typeof criticKinds)[number];

/** Kind and sizes of a critic. */
export interface CriticOptions {
  kind: CriticKind;
  hidden: number;
  /** Columns of g(a) and h(b). */
  embedding: number;
}

export interface CriticParameter {
  tensor: Tensor;
  initial(rng: Rng): Float32Array;
}

/** Gain of the initial weights of g and h: small, so that training starts near a constant critic, whose estimate is 0. */
const START = 0.3;

/** Scores of all pairs, and the parameters of the critics. */
export function critic(o: CriticOptions, a: Tensor, b: Tensor): { scores: Tensor; parameters: CriticParameter[] } {
  const [g, m, da] = a.shape;
  const [, k, db] = b.shape;
  const parameters: CriticParameter[] = [];
  const weight = (name: string, shape: Shape, fanIn: number, gain = 1) => {
    const tensor = input(name, [g, ...shape], 'float32', 'state');
    const bound = gain / Math.sqrt(fanIn);
    const initial = (rng: Rng) => Float32Array.from({ length: g * sizeOf(shape) }, () => rng.uniform(-bound, bound));
    parameters.push({ tensor, initial });
    return tensor;
  };
  const linear = (name: string, x: Tensor, d: number, out: number, gain = 1) =>
    add(matmul(x, weight(`${name}.weight`, [d, out], d, gain)), weight(`${name}.bias`, [1, out], d, gain));

  if (o.kind === 'bilinear') {
    const scores = matmul(matmul(a, weight('m', [da, db], da * db)), transpose(b));
    return { scores, parameters };
  }
  if (o.kind !== 'concat') {
    const tower = (name: string, x: Tensor, d: number) => {
      const own = linear(`${name}.own`, concat([x, mul(x, x)], 2), 2 * d, o.embedding, START);
      if (o.kind === 'quadratic') return own;
      return add(own, linear(`${name}.1`, relu(linear(`${name}.0`, x, d, o.hidden)), o.hidden, o.embedding, START));
    };
    return { scores: matmul(tower('g', a, da), transpose(tower('h', b, db))), parameters };
  }
  const fan = da + db;
  const left = add(matmul(a, weight('a.weight', [da, o.hidden], fan)), weight('0.bias', [1, o.hidden], fan));
  const right = matmul(b, weight('b.weight', [db, o.hidden], fan));
  const inner = weight('1.weight', [o.hidden, o.hidden], o.hidden);
  const bias = weight('1.bias', [1, o.hidden], o.hidden);
  const last = weight('2.weight', [o.hidden, 1], o.hidden);
  const scores = add(pairScore(pairRelu(left, right), inner, bias, last), weight('2.bias', [1, 1], o.hidden));
  return { scores: reshape(scores, [g, m, k]), parameters };
}
