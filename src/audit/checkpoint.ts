import type { Matrix } from '../information/columns.js';
import type { Weights } from '../models/index.js';
import type { Position } from '../training/trainer.js';

export interface WatchSettings {
  width: number;
  epochs: number;
  /** Epochs at which samples are looked at, rising; the last is `epochs`. */
  looks: number[];
  seed: number;
}

/** One look at all samples, rows in the order of the set. */
export interface Look {
  epoch: number;
  /** T without noise, [n, d]: a function of X. */
  features: Matrix;
  /** What critics read in the place of X where it is not the features, [n, d]. */
  x?: Matrix;
  /** T and Ŷ of one noisy pass, [n, d] and [n, classes]. */
  t: Matrix;
  logits: Matrix;
  /** Cross-entropy of the label, nats, [n]. */
  loss: Float32Array;
}

/** Shares of a training after which samples are looked at, besides its beginning. */
export const LOOKS = [0.5, 0.8, 1];

/** Cross-entropy of each row's label, nats. */
export function losses({ data, n, d }: Matrix, labels: ArrayLike<number>): Float32Array {
  return Float32Array.from({ length: n }, (_, i) => {
    let most = Number.NEGATIVE_INFINITY;
    for (let k = 0; k < d; k++) most = Math.max(most, data[i * d + k]);
    let sum = 0;
    for (let k = 0; k < d; k++) sum += Math.exp(data[i * d + k] - most);
    return most + Math.log(sum) - data[i * d + labels[i]];
  });
}

/** Where a training stood: what another goes on from. */
export interface Snapshot {
  tensors: Record<string, Weights>;
  position: Position;
}
