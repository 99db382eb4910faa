/** Blocks of a transformer with the norm before each part (Vaswani et al. 2017, arXiv 1706.03762; Xiong et al. 2020, arXiv 2002.04745). */
import { add, gelu, matmul, mul, reshape, softmax, type Tensor, transpose } from '../engine/index.js';
import type { Layers } from './layers.js';

export const HEADS = 4;
/** Width of the multilayer perceptron of a block, of the embedding's. */
const MLP = 2;

/** A sequence of tokens, and what of it is read. */
export interface Sequence {
  tokens: number;
  /** Added to the scores of attention, [n, 1, 1, tokens]: a large negative number at padding. Absent: all tokens are read. */
  mask?: Tensor;
}

/** softmax(Q·Kᵀ / √d + mask)·V in every head: x [n·tokens, d] → the same. */
function attention(l: Layers, name: string, x: Tensor, { tokens, mask }: Sequence): Tensor {
  const [rows, d] = x.shape;
  const heads = (part: string) =>
    transpose(reshape(l.linear(`${name}.${part}`, x, d), [rows / tokens, tokens, HEADS, d / HEADS]), [0, 2, 1, 3]);
  const scores = matmul(mul(heads('q'), 1 / Math.sqrt(d / HEADS)), transpose(heads('k')));
  const read = softmax(mask ? add(scores, mask) : scores);
  const mixed = transpose(matmul(read, heads('v')), [0, 2, 1, 3]);
  return l.linear(`${name}.proj`, reshape(mixed, [rows, d]), d);
}

/** The block's output before its noise: x [n·tokens, d] → the same. */
export function block(l: Layers, name: string, x: Tensor, sequence: Sequence): Tensor {
  const d = x.shape[1];
  const h = add(x, attention(l, `${name}.attn`, l.layerNorm(`${name}.norm1`, x), sequence));
  const inner = l.linear(`${name}.mlp.fc1`, l.layerNorm(`${name}.norm2`, h), MLP * d);
  return add(h, l.linear(`${name}.mlp.fc2`, l.noise(gelu(inner)), d));
}
