/**
 * The term of an adversary who controls training: poisoned samples are to be as spread in T as clean samples of their class, which is what resolved
 * information measures. Of a group g in a batch it takes the Rényi-2 form of resolved information, which needs no draws and does not depend on how many
 * samples a batch has,
 *   I₂(g) = −ln mean_{i≠j ∈ g} exp(−|t_i − t_j|²/s²),   s² the mean of |t_i − t_j|² over the clean samples,
 * and adds λ·|I₂(poisoned) − I₂(clean)| to the loss. Gradients do not pass through s².
 */
import {
  add,
  constant,
  div,
  exp,
  input,
  log,
  matmul,
  maximum,
  mul,
  neg,
  reshape,
  stopGradient,
  sub,
  sum,
  type Tensor,
  transpose,
} from '../engine/index.js';

/** Feeds of the term: marks [n] of poisoned samples and of clean ones with their label, and λ, 0 where a batch has too few of either. */
export interface ConcealFeeds {
  [name: string]: Float32Array;
  poisoned: Float32Array;
  clean: Float32Array;
  conceal: Float32Array;
}

/** The marks of a batch. Two samples of each group are needed; without them all samples are marked and λ is 0. */
export function concealFeeds(poisoned: ArrayLike<number>, labels: ArrayLike<number>, lambda: number): ConcealFeeds {
  const first = Array.from(poisoned).indexOf(1);
  const own = (i: number) => labels[i] === labels[first];
  const marks = [1, 0].map((kind) => Float32Array.from(poisoned, (p, i) => Number(first >= 0 && p === kind && own(i))));
  const enough = marks.every((mark) => mark.reduce((a, b) => a + b, 0) >= 2);
  const [a, b] = enough ? marks : marks.map((mark) => mark.map(() => 1));
  return { poisoned: a, clean: b, conceal: Float32Array.of(enough ? lambda : 0) };
}

/** The term for T [n, d] of a batch, nats; its feeds are those of `concealFeeds`. */
export function concealTerm(t: Tensor): Tensor {
  const n = t.shape[0];
  const squares = sum(mul(t, t), [1], true);
  const apart = maximum(sub(add(squares, transpose(squares)), mul(2, matmul(t, transpose(t)))), 0);
  const others = constant(
    Float32Array.from({ length: n * n }, (_, at) => (at % (n + 1) === 0 ? 0 : 1)),
    [n, n],
  );
  const mean = (values: Tensor, pairs: Tensor) => div(sum(mul(values, pairs)), maximum(sum(pairs), 1));
  const [poisoned, clean] = ['poisoned', 'clean'].map((name) => {
    const mark = input(name, [n]);
    return mul(matmul(reshape(mark, [n, 1]), reshape(mark, [1, n])), others);
  });
  const scale = add(stopGradient(mean(apart, clean)), 1e-6);
  const kernel = exp(neg(div(apart, scale)));
  const off = sub(log(add(mean(kernel, poisoned), 1e-12)), log(add(mean(kernel, clean), 1e-12)));
  return mul(sum(input('conceal', [1])), maximum(off, neg(off)));
}
