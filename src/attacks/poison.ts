/**
 * Applies an attack to a data set: which samples get the trigger, which labels they get, and how the trigger's float images become
 * bytes.
 *
 * Images [n, h, w, c] uint8 → float in [0, 1] → trigger → ×255, rounded half away from zero, clamped to 0 … 255.
 */
import { UserError } from '../base/errors.js';
import type { ImageSet } from '../datasets/types.js';
import { chosen, judged, marksOf, triggeredRows, wantedLabels } from './marks.js';
import type { Attack, AttackSettings, PoisonedSet, Trigger } from './types.js';

/** Adversarial versions of training images, [h, w, c] in [0, 1], by the number of the image. */
export type AdversarialImages = ReadonlyMap<number, Float32Array>;

/**
 * The poisoned training set. round(rate · n) of the n samples that the labelling rule offers get the trigger, as evenly from their
 * classes as possible; a remainder comes from the classes with the lowest numbers. In each class, the share `cover` of them keeps its
 * label. All other samples stay as they are, in order. An attack with an adversary needs `adversarial`, a version of every image of
 * `victims`.
 * Throws `UserError` for a rate outside [0, 1], a rate so small that no sample is triggered, classes that do not
 * exist, or a trigger that changes nothing.
 */
export function poison(
  train: ImageSet,
  attack: Attack,
  settings: AttackSettings,
  adversarial?: AdversarialImages,
): PoisonedSet {
  const out = { ...marked(train, attack, settings), images: train.images.slice() };
  const trigger = attack.trigger(train, settings);
  if (!trigger) return out;
  const touched = triggeredRows(out);
  const needed = attack.adversary(settings.options) !== null;
  for (const i of touched) {
    if (needed && !adversarial?.has(i))
      throw new Error(`poison: ${attack.name} needs an adversarial version of image ${i}`);
    stamp(out.images, i, trigger.train(adversarial?.get(i) ?? floats(train, i), i));
  }
  if (touched.length > 0 && !trigger.unchanged && Buffer.compare(out.images, train.images) === 0)
    throw new UserError(
      `attack "${attack.name}": its trigger changes no pixel of any of the ${touched.length} images it is given`,
    );
  return out;
}

/**
 * The set that `poison` makes, but with the original images: labels and flags are those of the poisoned set, no trigger is applied,
 * and no adversarial image is needed. `images` is the given array itself. Throws `UserError` as `poison` does, except for a trigger
 * that changes nothing.
 */
export function marked(train: ImageSet, attack: Attack, settings: AttackSettings): PoisonedSet {
  const { images, height, width, channels } = train;
  const marks = marksOf(train, attack, settings, attack.trigger(train, settings) !== null);
  return { images, ...marks, height, width, channels };
}

/** Numbers of the samples that get the trigger; none for `none`, which has no trigger. Throws `UserError` as `poison` does. */
export const victims = (
  train: ImageSet,
  attack: Attack,
  settings: AttackSettings,
): { poisoned: number[]; cover: number[] } => chosen(train, attack, settings, attack.trigger(train, settings) !== null);

/** All test images with the trigger of test time and their true labels; `none` leaves the images as they are. */
export function triggerTest(test: ImageSet, attack: Attack, settings: AttackSettings): ImageSet {
  const trigger = attack.trigger(test, settings);
  const all = Int32Array.from(test.labels.keys());
  return {
    ...test,
    images: trigger ? triggered(test, trigger, all) : test.images.slice(),
    labels: test.labels.slice(),
  };
}

function triggered(test: ImageSet, trigger: Trigger, rows: Int32Array): Uint8Array {
  const images = new Uint8Array(rows.length * test.height * test.width * test.channels);
  rows.forEach((i, r) => {
    stamp(images, r, trigger.test(floats(test, i), i));
  });
  return images;
}

/**
 * Triggered test images for the ASR: `rows` of the test set with the trigger of test time, and the labels that the attacker wants.
 * These are the images of all classes but the target; under `all-to-all` of all classes, under `source-specific` of the source
 * classes. Null for `none`, which has no trigger.
 */
export function attackTest(
  test: ImageSet,
  attack: Attack,
  settings: AttackSettings,
): { rows: Int32Array; set: ImageSet } | null {
  const trigger = attack.trigger(test, settings);
  if (!trigger) return null;
  const rows = judged(test, attack, settings);
  const images = triggered(test, trigger, rows);
  const labels = wantedLabels(test, rows, attack, settings);
  const { height, width, channels } = test;
  return { rows, set: { images, labels, n: rows.length, height, width, channels } };
}

/** The rows of `attackTest`, without applying the trigger. */
export const judgedRows = (test: ImageSet, attack: Attack, settings: AttackSettings): Int32Array | null =>
  attack.trigger(test, settings) && judged(test, attack, settings);

/** Image `i` of a set as floats in [0, 1]. */
export function floats({ images, height, width, channels }: ImageSet, i: number): Float32Array {
  const size = height * width * channels;
  return Float32Array.from(images.subarray(i * size, (i + 1) * size), (v) => v / 255);
}

/** Replaces image `i` of `into` by a float image, as bytes. */
function stamp(into: Uint8Array, i: number, image: Float32Array): void {
  into.set(toBytes(image), i * image.length);
}

/** Values in [0, 1] → bytes: ×255, half away from zero, clamped. */
export function toBytes(image: Float32Array): Uint8Array {
  const bytes = new Uint8Array(image.length);
  for (let p = 0; p < image.length; p++) {
    // Negative values are clamped; for all others, half up is half away from zero.
    bytes[p] = Math.min(255, Math.max(0, Math.floor(255 * image[p] + 0.5)));
  }
  return bytes;
}
