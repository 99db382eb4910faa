/** The tables that dynamics works on. No file access, no Node: the page runs this room too. */

/** What is estimated: X is the input, T the representation, Ŷ the logits, Y the label before the attack. */
export type Quantity = 'I(X;T)' | 'I(T;Ŷ)' | 'I(X;Ŷ)' | 'I(T;Y)';

/**
 * One estimate at one checkpoint; one line of `information.jsonl`.
 */
export interface EstimateRow {
  epoch: number;
  /** A group id: see group-id.ts. */
  group: string;
  quantity: Quantity;
  /** Name of the estimator. */
  estimator: string;
  /** Where T was read; absent in tables of one layer. */
  layer?: string;
  nats: number;
  /** Of `nats`. */
  standardError: number;
  /** The largest value the estimator could have given. */
  ceiling: number;
  /** Within 5 % of the ceiling. */
  saturated: boolean;
  /** The critic had settled. */
  converged: boolean;
  /** Samples in the group (not noise draws). */
  samples: number;
  /** Noise draws of each sample. */
  draws: number;
  /** On the pairs the critic was trained on. */
  trainNats: number;
  /** On samples the critic did not learn from. */
  heldOutNats: number;
}

/** One epoch of training; one line of `events.jsonl` with `"event": "epoch"`. Losses in nats, accuracies and ASR in
 * 0 … 1; NaN where a training that was not ours does not say. */
export interface EpochRow {
  epoch: number;
  learningRate: number;
  trainLoss: number;
  trainAccuracy: number;
  testLoss: number;
  testAccuracy: number;
  /** Mean training loss and accuracy per class of the label trained on; payload samples are left out of them. */
  classLoss: number[];
  classAccuracy: number[];
  /** Mean training loss of the payload samples; null where nothing is poisoned. */
  backdoorLoss: number | null;
  /** Share of triggered test images of non-target classes that are predicted as the target; null without a trigger. */
  asr: number | null;
  seconds: number;
}
