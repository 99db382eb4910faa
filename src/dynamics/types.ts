/** The tables that this room computes on. Nothing here uses files or Node, because the dashboard's pages run it too. */

/** All quantities. X is the input, T the representation, Ŷ the logits, Y the label before the attack. */
export const quantities = ['I(X;T)', 'I(T;Ŷ)', 'I(X;Ŷ)', 'I(T;Y)'] as const;
/** One of `quantities`. */
export type Quantity = (typeof quantities)[number];

/** The value of an estimate and what a reader needs to judge it, for every estimator. */
export interface EstimateValue {
  /** Estimated mutual information. */
  nats: number;
  /** Of `nats`. */
  standardError: number;
  /** Largest value that the estimator can return on these samples. */
  ceiling: number;
  /** Whether the value lies within 5 % of the ceiling. */
  saturated: boolean;
  /** Whether the critic had converged when training ended; null for an estimate without a critic. */
  converged: boolean | null;
  /** Samples in the group, each counted once whatever its noise draws. */
  samples: number;
  /** Noise draws of each sample. */
  draws: number;
  /** Value on the pairs that the critic was trained on. */
  trainNats: number | null;
  /** Value on held-out samples. */
  heldOutNats: number | null;
}

/** One estimate at one checkpoint, in nats; one line of `information.jsonl`. */
export interface EstimateRow extends EstimateValue {
  epoch: number;
  /** A group id: see group-id.ts. */
  group: string;
  quantity: Quantity;
  /** Name of the estimator, such as `infonce`. */
  estimator: string;
  /** Layer at which T was read; absent in tables of one layer. */
  layer?: string;
  /** Of resolved information: how many times the network's own noise is magnified. */
  kappa?: number;
}

/**
 * One epoch of training; one line of `events.jsonl` with `"event": "epoch"`. Losses are in nats, accuracies and ASR in 0 … 1. A figure
 * that a trace of another program's training lacks is NaN.
 */
export interface EpochRow {
  epoch: number;
  learningRate: number;
  trainLoss: number;
  trainAccuracy: number;
  testLoss: number;
  testAccuracy: number;
  /** Mean training loss and accuracy of each class, without poisoned samples. The class is that of the label trained on. */
  classLoss: number[];
  classAccuracy: number[];
  /** Mean training loss of the poisoned samples; null where nothing is poisoned. */
  backdoorLoss: number | null;
  /** Attack success rate: share of triggered test images, of classes other than the target, predicted as the target. Null without a trigger. */
  asr: number | null;
  seconds: number;
}

/** One moment inside an epoch; one line of `events.jsonl` with `"event": "moment"`. */
export interface MomentRow extends Pick<EpochRow, 'trainLoss' | 'testLoss' | 'testAccuracy' | 'asr' | 'seconds'> {
  /** In epochs, not a whole number. */
  epoch: number;
  /** Steps since training began. */
  step: number;
}

/**
 * Attack success rate from which on an attack succeeds. Below it the network has learned the trigger for a part of the samples only, and
 * the poisoned samples are a mixture of two kinds, whose information says nothing about the attack.
 */
export const SUCCESS = 0.9;
