import type { InputSet } from '../datasets/types.js';
import type { Matrix } from '../information/columns.js';

/**
 * What a defender has. `A`: the training set alone. `B`: the set and a few samples that are known to be clean. `C`: a trained network
 * and its inputs at run time. `D`: a trained network and a few clean samples.
 */
export type ThreatModel = 'A' | 'B' | 'C' | 'D';

/** A trained network that detectors ask. Its weights stay as they are, and it adds no noise. Rows are in the order of the samples. */
export interface Network {
  /** T of the last layer, [n, d]. */
  features(samples: InputSet): Promise<Matrix>;
  /** Logits, [n, classes]. */
  logits(samples: InputSet): Promise<Float32Array>;
  /** Logits with γ and β of the last `layers` batch norms multiplied by `factor`, [n, classes]. */
  amplified(samples: InputSet, layers: number, factor: number): Promise<Float32Array>;
  /**
   * Per batch norm, in the order of the forward pass, the smallest log-density of the values that enter it, under its running mean and
   * variance, nats: [n, batch norms].
   */
  likelihoods(samples: InputSet): Promise<Matrix>;
  /** Gradient of each image's own cross-entropy with respect to it: images [n, h·w·c] in [0, 1] and labels [n] → [n, h·w·c], and predictions [n]. */
  gradient(images: Float32Array, labels: Int32Array): Promise<{ gradient: Float32Array; predicted: Int32Array }>;
  /** Number of batch norms. */
  readonly batchNorms: number;
}

/** What detectors read of a training set and of a network trained on it. All rows are in the order of the set. */
export interface Observed {
  /** The samples that are judged, with the labels they were trained on, or with the network's predictions for inputs at run time. */
  set: InputSet;
  classes: number;
  /** T of the trained network, [n, d]. */
  features: Matrix;
  /** Cross-entropy of the label part of the way through training, nats, [n]. */
  loss: Float32Array;
  network: Network;
  /** Samples that are known to be clean, with their true labels, and their T. */
  trusted: { set: InputSet; features: Matrix };
  /** ε, the largest share of the set that may be poisoned: what some detectors must be told. */
  epsilon: number;
  /** Seed of everything the detector draws. */
  seed: number;
}

/** What a detector found. */
export interface Finding {
  /** Score per sample, [n]: the higher, the more it looks poisoned. Scales differ between detectors. Null for a detector of networks. */
  scores: Float64Array | null;
  /** 1 for samples that the detector's own rule takes for poisoned, [n]; null for a detector of networks. */
  flagged: Uint8Array | null;
  /** Score per class, [classes], where the detector has one: the higher, the more the class looks like a target. */
  classScores: Float64Array | null;
  /** Classes that the detector's own rule takes for targets; null where it judges samples only. */
  targets: number[] | null;
}

/** A published detector of poisoned samples or networks. `Needs`: the parts of `Observed` that it reads. */
export interface Detector<Needs extends keyof Observed = keyof Observed> {
  /** Abbreviation by which the field knows it. */
  name: string;
  /** One line: what it looks at. */
  summary: string;
  /** Authors, venue, arXiv number. */
  source: string;
  threatModel: ThreatModel;
  /** What it reads, where it does not read both. */
  reads?: 'images' | 'texts';
  needs: readonly Needs[];
  /** `step` hears the share done of a long one, and may throw to end it. Throws `UserError` where what it was given is too little. */
  detect(observed: Pick<Observed, Needs>, step?: (share: number) => void): Promise<Finding>;
}

/** Whether a detector reads the samples of a set. */
export const readsSet = ({ reads }: Pick<Detector, 'reads'>, set: InputSet): boolean =>
  reads === undefined || reads === ('tokens' in set ? 'texts' : 'images');

/** Keeps the list of what a detector needs and the type of what it reads the same. */
export const defineDetector = <Needs extends keyof Observed>(detector: Detector<Needs>): Detector<Needs> => detector;
