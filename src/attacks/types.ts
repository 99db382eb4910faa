/** The interface of attacks: a trigger (image → image) and a labelling rule. */
import type { z } from 'zod';

/** Size of the images a trigger is made for. */
export interface ImageShape {
  height: number;
  width: number;
  channels: number;
}

/**
 * A trigger with its parameters and seed fixed. Images are [h, w, c] float in [0, 1], row-major. `index` is the sample's number in its
 * split; the random part of a trigger is drawn per sample, not per call. A trigger returns a new image and does not change the given
 * one; values outside [0, 1] are clamped when they are rounded.
 */
export interface Trigger {
  /** A training image with the trigger. */
  train(image: Float32Array, index: number): Float32Array;
  /** A test image with the trigger. */
  test(image: Float32Array, index: number): Float32Array;
  /** Set if the trigger changes no image on purpose. */
  unchanged?: boolean;
}

/**
 * Which training samples get the trigger, and which labels they get. The poison rate is a share of the samples that a rule
 * offers.
 *
 * `all-to-one`: the whole set, evenly from all classes; labels become the target. `all-to-all`: the same, label y becomes
 * y + 1 (Gu et al. 2017). `source-specific`: the source classes, relabelled to the target; samples of other classes get the
 * trigger and keep their label, so that it works on the sources alone (Tang et al. 2021, TaCT). `clean-label`: the target
 * class, whose labels stay true.
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
  /** The clean model that the attacker trains and attacks. */
  surrogate: { model: string; width: number; epochs: number };
}

/** Settings of an attack. */
export interface AttackSettings {
  /** Share of the samples that the labelling rule offers: of the whole set, of the source classes, of the target class. */
  poisonRate: number;
  /** Target class number. */
  target: number;
  /** Labelling rule. Default the attack's own. */
  rule?: Rule;
  /** Source classes of the rule `source-specific`. */
  sources?: readonly number[];
  seed: number;
  /** The attack's own parameters; its schema fills in the paper's defaults. */
  options: Record<string, unknown>;
}

/** A named trigger and labelling rule. Each attack is one file in this room and one line in `index.ts`. */
export interface Attack {
  name: string;
  /** One line for `--help`. */
  summary: string;
  /** Paper or definition. */
  source: string;
  /** Schema of the attack's own parameters with descriptions and defaults, from which `ibscope attacks NAME` is printed. */
  options: z.ZodObject;
  /** What the attacker must know and be able to do. */
  threat: string;
  /** The attack's own rule. Throws `UserError` for options its schema refuses. */
  labelling(options: Record<string, unknown>): Labelling;
  /** Adversarial examples that replace training samples before these get the trigger; null: none. */
  adversary(options: Record<string, unknown>): Adversary | null;
  /** Makes the trigger; null for `none`. Throws `UserError` for options its schema refuses. */
  trigger(shape: ImageShape, settings: AttackSettings): Trigger | null;
}

/** A poisoned training set: exactly what `ibscope poison` exports and what training sees. */
export interface PoisonedSet {
  /** [n, h, w, c] uint8, triggers applied and rounded. */
  images: Uint8Array;
  /** Labels the model is trained on. */
  labels: Int32Array;
  originalLabels: Int32Array;
  /** 1 for a poisoned sample: triggered and labelled as the attacker wants. */
  poisoned: Uint8Array;
  /** 1 for a cover sample: triggered, with its true label. */
  cover: Uint8Array;
  /** Number of the sample in the training split before poisoning. */
  index: Int32Array;
  n: number;
  height: number;
  width: number;
  channels: number;
}
