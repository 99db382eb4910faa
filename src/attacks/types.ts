/** What an attack is to the rest of ibscope: a trigger (image → image) and a labelling rule. */

export interface ImageShape {
  height: number;
  width: number;
  channels: number;
}

/**
 * A trigger that has been given its parameters and its seed. Images are [h, w, c] float in [0, 1], row-major.
 * `index` is the sample's number in its split, so that a random part of a trigger is drawn per sample and not per call.
 */
export interface Trigger {
  train(image: Float32Array, index: number): Float32Array;
  test(image: Float32Array, index: number): Float32Array;
}

export interface AttackSettings {
  /** Share of the whole training set (for clean-label attacks: of the target class). */
  poisonRate: number;
  /** Target class number. */
  target: number;
  seed: number;
  /** The attack's own parameters, already checked by its schema. */
  options: Record<string, unknown>;
}

/** One file per attack in this room, one line in `index.ts`. */
export interface Attack {
  name: string;
  /** One line for `--help`. */
  summary: string;
  /** Paper or definition. */
  source: string;
  /** `none` poisons nothing and has no trigger. */
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
