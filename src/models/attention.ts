/** Blocks of a transformer with the norm before each part (Vaswani et al. 2017, arXiv 1706.03762; Xiong et al. 2020, arXiv 2002.04745). */
import { add, gelu, matmul, mul, reshape, slice, softmax, type Tensor, transpose } from '../engine/index.js';
import type { Layers } from './layers.js';

export const HEADS = 4;
/** Width of the multilayer perceptron of a block, of the embedding's. */
const MLP = 2;

/** A sequence of tokens, and what of it is read. */
export interface Sequence {
  tokens: number;
  /** Added to the scores of attention, [n, 1, 1, tokens]: a large negative number at padding. Absent: all tokens are read. */
  mask?: Tensor;
  /** Whether a block gives its first token alone, which reads all others: the last block before a class token. Default: all tokens. */
  firstOnly?: boolean;
}

/** The first token of every sequence: x [n·tokens, d] → [n, d]. */
export const firstToken = (x: Tensor, tokens: number): Tensor =>
  reshape(slice(reshape(x, [x.shape[0] / tokens, tokens, x.shape[1]]), 1, 0, 1), [x.shape[0] / tokens, x.shape[1]]);

/** softmax(Q·Kᵀ / √d + mask)·V in every head: `asking` [n·queries, d], the first tokens of `x` [n·tokens, d] → [n·queries, d]. */
function attention(l: Layers, name: string, asking: Tensor, x: Tensor, { tokens, mask }: Sequence): Tensor {
  const [rows, d] = x.shape;
  const heads = (part: string, of: Tensor) => {
    const each = (of.shape[0] * tokens) / rows;
    return transpose(
      reshape(l.linear(`${name}.${part}`, of, d), [rows / tokens, each, HEADS, d / HEADS]),
      [0, 2, 1, 3],
    );
  };
  const scores = matmul(mul(heads('q', asking), 1 / Math.sqrt(d / HEADS)), transpose(heads('k', x)));
  const read = softmax(mask ? add(scores, mask) : scores);
  const mixed = transpose(matmul(read, heads('v', x)), [0, 2, 1, 3]);
  return l.linear(`${name}.proj`, reshape(mixed, asking.shape), d);
}

/** The block's output before its noise: x [n·tokens, d] → the same, or [n, d] of the first tokens alone. */
export function block(l: Layers, name: string, x: Tensor, sequence: Sequence): Tensor {
  const d = x.shape[1];
  const kept = (t: Tensor) => (sequence.firstOnly ? firstToken(t, sequence.tokens) : t);
  const normed = l.layerNorm(`${name}.norm1`, x);
  const h = add(kept(x), attention(l, `${name}.attn`, kept(normed), normed, sequence));
  const inner = l.linear(`${name}.mlp.fc1`, l.layerNorm(`${name}.norm2`, h), MLP * d);
  return add(h, l.linear(`${name}.mlp.fc2`, l.noise(gelu(inner)), d));
}
