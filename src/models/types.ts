/** What a model is to the rest of ibscope. */
import type { Tensor } from '../engine/index.js';
import type { Layers } from './layers.js';

/** What a model is built for. */
export interface ModelOptions {
  classes: number;
  /** Channels of the first stage; an eighth of T's columns. */
  width: number;
}

/** What may be read as T. */
export interface Readout {
  /**
   * T, [n, d]: globally average-pooled output of a stage, after its noise and before any pooled noise. A model without
   * stages says what stands for it.
   */
  representation: Tensor;
  /** T̄, [n, d]: T before its last noise. T = T̄ + N(0, representationNoise²). */
  representationMean: Tensor;
  /** Standard deviation of T about T̄, per column. */
  representationNoise: number;
}

/** The parts of a forward pass that training and probes read; T of the last layer. */
export interface Forward extends Readout {
  /** Ŷ, [n, classes]. */
  logits: Tensor;
  /** T of every layer, by the names in `Model.layers`. */
  layers: Record<string, Readout>;
}

/** A network, and where T is read in it. One file per model in this room, one line in `index.ts`. */
export interface Model {
  name: string;
  /** One line for `--help`. */
  summary: string;
  /** Paper or definition. */
  source: string;
  /** The usual number of channels of the first stage. */
  defaultWidth: number;
  /** Layers from which T can be read, in the order of the forward pass. The last one is the default. */
  layers: readonly string[];
  /** x [h, w, n, channels], values in [0, 1]: the layout of all activations. */
  forward(layers: Layers, x: Tensor, options: ModelOptions): Forward;
}
