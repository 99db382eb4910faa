/** The interface of a model. */
import type { Tensor } from '../engine/index.js';
import type { Layers } from './layers.js';

/** Sizes for which a model is built. */
export interface ModelOptions {
  classes: number;
  /** Channels of the first stage; an eighth of T's columns. */
  width: number;
  /** Of a model that reads texts: how many numbers of words there are. */
  vocabulary?: number;
  /** Of a model that reads texts: tokens of the longest text that it can read. Default: those of the batch. */
  length?: number;
}

/** T at one layer. */
export interface Readout {
  /**
   * T, [n, d]: output of a stage averaged over space, with the noise of its last block and before the noise on the pooled features. A
   * model without stages defines its own T.
   */
  representation: Tensor;
  /** T̄, [n, d]: T before its last noise. T = T̄ + N(0, representationNoise²). */
  representationMean: Tensor;
  /** Standard deviation of T about T̄, per column. */
  representationNoise: number;
}

/** The outputs of a forward pass that training and probes read, with T of the last layer. */
export interface Forward extends Readout {
  /** Ŷ, [n, classes]. */
  logits: Tensor;
  /** T of every layer, by the names in `Model.layers`. */
  layers: Record<string, Readout>;
}

/** A network and its layers at which T can be read. One file per model in this room, one line in `index.ts`. */
export interface Model {
  name: string;
  /** One line for `--help`. */
  summary: string;
  /** Paper or definition. */
  source: string;
  /** Usual number of channels of the first stage. */
  defaultWidth: number;
  /** Layers at which T can be read, in the order of the forward pass. The last one is the default. */
  layers: readonly string[];
  /** Default images. */
  reads?: 'texts';
  /** x [h, w, n, channels], values in [0, 1]: the layout of all activations. Of a model that reads texts: tokens [n, length], int32. */
  forward(layers: Layers, x: Tensor, options: ModelOptions): Forward;
}
