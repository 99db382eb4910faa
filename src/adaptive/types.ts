/** What the adversary is told, and what it reports. */
import type { RunConfig } from '../config/options.js';

/** Share of the training in which an adversary who poisons slowly does not want the trigger to be learned. */
export const EARLY = 1 / 3;

/** What a trigger is made of. */
export const formNames = ['additive', 'mask', 'warp'] as const;
/** One of `formNames`. */
export type FormName = (typeof formNames)[number];

/** What `--epsilon` bounds in each form, its default, and its limits. */
export const BOUNDS: Record<FormName, { what: string; epsilon: number; least: number; most: number }> = {
  additive: { what: 'largest change of a pixel', epsilon: 0.06, least: 1 / 255, most: 1 },
  mask: { what: 'largest opacity', epsilon: 0.1, least: 1 / 255, most: 1 },
  warp: { what: 'largest offset, pixels', epsilon: 1, least: 0.05, most: 8 },
};

/** How a trigger is optimised. */
export interface AdaptSettings {
  form: FormName;
  /** Bound of the trigger: largest change of a pixel of [0, 1] (additive), largest opacity (mask), largest offset in pixels (warp). */
  epsilon: number;
  /** λ, weight of the deviation D against the loss of triggered images. */
  lambda: number;
  /** μ, weight of the lateness: triggered images are not to be learned in the first third of the training. */
  late: number;
  /** Times that surrogates are trained anew on the present pattern. */
  rounds: number;
  /** Gradient steps of a round. */
  steps: number;
  /** Surrogates of a round, each with its own seed. */
  surrogates: number;
}

/** The present pattern on surrogates that were trained on it: what a round begins with. */
export interface RoundRow {
  round: number;
  /** Means over the surrogates, 0 … 1. */
  asr: number;
  accuracy: number;
  /** D of the surrogates, mean: integration gaps of I(X;T) and I(T;Ŷ), as in the stealth score. */
  deviation: number;
  /** The largest of the numbers that ε bounds, in its unit. */
  largest: number;
}

/** One gradient step. */
export interface StepRow {
  round: number;
  step: number;
  /** Cross-entropy of triggered images, nats; their share that the surrogates assign to the target; D; lateness, nats; loss + λ·D + μ·lateness. */
  loss: number;
  asr: number;
  deviation: number;
  lateness: number;
  objective: number;
}

/** `adapt.json`. */
export interface AdaptDocument {
  format: 1;
  version: string;
  /** The learned attack, as `ibscope run` takes it. */
  config: RunConfig;
  settings: AdaptSettings;
  /** SHA-256 of the images and labels that the adversary saw. */
  dataHash: string;
  /** Patterns by the round that begins with them; the last is the result of the last round. */
  rounds: RoundRow[];
  /** Which of them the trigger file holds, and why. */
  chosen: { round: number; why: string };
  /** What the pattern does to test images, means. */
  visibility: Record<string, number | null>;
  /** Gradient steps, surrogates that were trained, and seconds over all sessions. */
  budget: { gradientSteps: number; surrogates: number; seconds: number };
}
