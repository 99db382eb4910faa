import type { Matrix } from '../information/columns.js';
import type { Weights } from '../models/index.js';
import type { Position } from '../training/trainer.js';

/** How an audit trains a network. */
export interface WatchSettings {
  width: number;
  epochs: number;
  /** Epochs after which all samples are recorded, rising; the last is `epochs`. */
  checkpoints: number[];
  seed: number;
}

/** The patterns of all classes (pattern.ts) at one moment of a training. */
export interface Patterns {
  /**
   * Share of other classes' images that the network takes for the class with its pattern added, less the share with patterns of the same frequencies and
   * random signs; NaN for a class with too few samples, [classes].
   */
  effects: Float32Array;
  /**
   * Of images that lie clearly apart: how much more likely what the network names them is, in nats, if they are of other classes than if they are of this one; else NaN, [classes].
   */
  contents: Float32Array;
  /** How far the images with the pattern of their class and those without it lie apart in their correlation with it, in common standard deviations; NaN where all are alike, [classes]. */
  separations: Float32Array;
  /** Images in the smaller of these two groups; NaN where all are alike, [classes]. */
  smaller: Float32Array;
  /** Log-odds that an image has the pattern of its class, nats, [n]; NaN where all of its class are alike. */
  logOdds: Float32Array;
}

/** All samples as the network sees them at one moment of the training, rows in the order of the set. */
export interface Checkpoint {
  epoch: number;
  /** T without noise, [n, d]: a function of X. T of the noisy pass where it is not recorded. */
  features: Matrix;
  /** T and Ŷ of one noisy pass, [n, d] and [n, classes]. Where only some samples were passed with noise, T of the others is NaN, and Ŷ is that without noise. */
  t: Matrix;
  logits: Matrix;
  /** Cross-entropy of the label, nats, [n]. */
  loss: Float32Array;
  /** Patterns of the classes, where they were measured. */
  patterns?: Patterns;
}

/**
 * Shares of a training after which samples are recorded, besides its first epoch: the last two say how the classes lie at the end,
 * the others give the trajectory a middle.
 */
export const CHECKPOINT_SHARES = [0.5, 0.8, 1];

/** The checkpoints of the second half: the first half says how the classes began, the second how they lie in the end. */
export const secondHalf = (checkpoints: readonly Checkpoint[]): Checkpoint[] =>
  checkpoints.slice(Math.floor(checkpoints.length / 2));

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

/** State of a training, from which another one continues. */
export interface Snapshot {
  tensors: Record<string, Weights>;
  position: Position;
}
