/** Losses over rows of logits. */
import type { Tensor } from '../tensor.js';
import { sum } from './broadcast.js';
import { mul, sub } from './elementwise.js';
import { logSumExp } from './reduce.js';
import { oneHot } from './shape.js';

/** Cross-entropy of every row in nats: logits [n, c], labels [n] int → [n]. */
export function crossEntropy(logits: Tensor, labels: Tensor): Tensor {
  return sub(logSumExp(logits, 1), sum(mul(logits, oneHot(labels, logits.shape[1])), [1]));
}
