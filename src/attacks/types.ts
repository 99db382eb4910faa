/** What an attack is to the rest of ibscope: a trigger (image → image) and a labelling rule. */
import type { z } from 'zod';

/** Size of the images a trigger is made for. */
export interface ImageShape {
  height: number;
  width: number;
  channels: number;
}

/**
 * A trigger that has been given its parameters and its seed. Images are [h, w, c] float in [0, 1], row-major.
 * `index` is the sample's number in its split, so that a random part of a trigger is drawn per sample and not per call.
 * A trigger returns a new image and leaves the given one alone; what leaves [0, 1] is clamped when it is rounded.
 */
export interface Trigger {
  /** What a training image looks like under attack. */
  train(image: Float32Array, index: number): Float32Array;
  /** What a test image looks like under attack. */
  test(image: Float32Array, index: number): Float32Array;
  /** It leaves every image as it is, and is meant to. */
  unchanged?: boolean;
}

/**
 * Which training samples get the trigger, and what becomes of their labels. The poison rate is a share of the samples that
 * a rule offers.
 *
 * `all-to-one`: the whole set, evenly from all classes; labels become the target. `all-to-all`: the same, label y becomes
 * y + 1 (Gu et al. 2017). `source-specific`: the source classes, relabelled to the target; samples of other classes get the
 * trigger and keep their label, so that it works on the sources alone (Tang et al. 2021, TaCT). `clean-label`: the target
 * class, whose labels are right already.
 */
export const rules = ['all-to-one', 'all-to-all', 'source-specific', 'clean-label'] as const;
/** One of `rules`. */
export type Rule = (typeof rules)[number];

/** A labelling rule and its share of cover samples. */
export interface Labelling {
  rule: Rule;
  /** Share of the triggered samples that keep their true label (cover), evenly from the classes they come from. */
  cover: number;
}

/** Adversarial examples against a clean model, by projected gradient ascent (PGD). Lengths for values in [0, 1]. */
export interface Adversary {
  norm: 'l2' | 'linf';
  /** Radius of the ball around the image. */
  epsilon: number;
  step: number;
  steps: number;
  /** The clean model that is attacked, of the attacker's own training. */
  surrogate: { model: string; width: number; epochs: number };
}

/** What an attack is asked for. */
export interface AttackSettings {
  /** Share of the samples that the labelling rule offers: of the whole set, of the source classes, of the target class. */
  poisonRate: number;
  /** Target class number. */
  target: number;
  /** In place of the attack's own rule. */
  rule?: Rule;
  /** Source classes of the rule `source-specific`. */
  sources?: readonly number[];
  seed: number;
  /** The attack's own parameters; its schema fills in the paper's defaults for those left out. */
  options: Record<string, unknown>;
}

/** A trigger and a labelling rule, under a name. One file per attack in this room, one line in `index.ts`. */
export interface Attack {
  name: string;
  /** One line for `--help`. */
  summary: string;
  /** Paper or definition. */
  source: string;
  /** The attack's own parameters with descriptions and defaults: `--help` is written from it. */
  options: z.ZodObject;
  /** What an attacker has to know and be able to do. */
  threat: string;
  /** The attack's own rule. Throws `UserError` for options its schema refuses. */
  labelling(options: Record<string, unknown>): Labelling;
  /** The adversarial examples that training samples are replaced by before they get the trigger; null: none. */
  adversary(options: Record<string, unknown>): Adversary | null;
  /** `none` poisons nothing and has no trigger. Throws `UserError` for options its schema refuses. */
  trigger(shape: ImageShape, settings: AttackSettings): Trigger | null;
}

/** A poisoned training set: exactly what `ibscope poison` exports and what training sees. */
export interface PoisonedSet {
  /** [n, h, w, c] uint8, triggers applied and rounded. */
  images: Uint8Array;
  /** Labels the model is trained on. */
  labels: Int32Array;
  originalLabels: Int32Array;
  /** 1 where the sample carries the payload: triggered and labelled as the attack wants. */
  poisoned: Uint8Array;
  /** 1 where the sample is triggered but keeps its true label. */
  cover: Uint8Array;
  /** Index of the sample in the training split before poisoning. */
  index: Int32Array;
  n: number;
  height: number;
  width: number;
  channels: number;
}
