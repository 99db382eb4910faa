/** What a model is to the rest of ibscope. */
import type { Tensor } from '../engine/index.js';
import type { Layers } from './layers.js';

export interface ModelOptions {
  classes: number;
  /** Channels of the first stage; an eighth of T's columns. */
  width: number;
}

/** The parts of a forward pass that training and probes read. */
export interface Forward {
  /** Ŷ, [n, classes]. */
  logits: Tensor;
  /**
   * T, [n, d]: globally average-pooled output of the last stage, after its noise and before the pooled noise. A model
   * without stages says what stands for it.
   */
  representation: Tensor;
  /** T̄, [n, d]: T before its last noise. T = T̄ + N(0, representationNoise²). */
  representationMean: Tensor;
  /** Standard deviation of T about T̄, per column. */
  representationNoise: number;
}

/** One file per model in this room, one line in `index.ts`. */
export interface Model {
  name: string;
  summary: string;
  source: string;
  defaultWidth: number;
  /** x [h, w, n, channels], values in [0, 1]: the layout of all activations. */
  forward(layers: Layers, x: Tensor, options: ModelOptions): Forward;
}
