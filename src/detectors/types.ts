import type { ImageSet } from '../datasets/types.js';
import type { Matrix } from '../information/columns.js';

/** What detectors read of a training set and of a network trained on it. All rows are in the order of the set. */
export interface Observed {
  /** The set, with the labels it was trained on. */
  set: ImageSet;
  classes: number;
  /** T of the trained network, [n, d]. */
  features: Matrix;
  /** Cross-entropy of the label part of the way through training, nats, [n]. */
  loss: Float32Array;
  /** Logits of the trained network for images of the set's shape, [n, classes]. */
  predict: (images: ImageSet) => Promise<Float32Array>;
  /** Seed of everything the detector draws. */
  seed: number;
}

/** A published detector of poisoned samples. `Needs`: the parts of `Observed` that it reads. */
export interface Detector<Needs extends keyof Observed = keyof Observed> {
  /** Abbreviation by which the field knows it. */
  name: string;
  /** Score per sample, [n]: the higher, the more the sample looks poisoned. Scales differ between detectors. */
  score(observed: Pick<Observed, Needs>): Promise<Float64Array>;
}
