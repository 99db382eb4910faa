/**
 * Applies an attack to a data set: which samples get the trigger, which labels they get, and how the trigger's float images become
 * bytes.
 *
 * Images [n, h, w, c] uint8 → float in [0, 1] → trigger → ×255, rounded half away from zero, clamped to 0 … 255.
 */
import { UserError } from '../base/errors.js';
import { Rng } from '../base/random.js';
import { evenShares, indicesByClass } from '../datasets/limits.js';
import type { ImageSet } from '../datasets/types.js';
import type { Attack, AttackSettings, Labelling, PoisonedSet, Trigger } from './types.js';

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
  const touched = [...out.index].filter((i) => out.poisoned[i] || out.cover[i]);
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
  const { images, n, height, width, channels } = train;
  const out: PoisonedSet = {
    images,
    labels: train.labels.slice(),
    originalLabels: train.labels.slice(),
    poisoned: new Uint8Array(n),
    cover: new Uint8Array(n),
    index: Int32Array.from({ length: n }, (_, i) => i),
    n,
    height,
    width,
    channels,
  };
  const { payload, cover } = victims(train, attack, settings);
  const { rule } = labellingOf(attack, settings);
  const classes = classCount(train);
  for (const i of payload) {
    out.poisoned[i] = 1;
    out.labels[i] = relabelled(train.labels[i], rule, settings.target, classes);
  }
  for (const i of cover) out.cover[i] = 1;
  return out;
}

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
  const { rule } = labellingOf(attack, settings);
  const classes = classCount(test);
  const images = triggered(test, trigger, rows);
  const labels = rows.map((i) =>
    relabelled(test.labels[i], rule === 'clean-label' ? 'all-to-one' : rule, settings.target, classes),
  );
  const { height, width, channels } = test;
  return { rows, set: { images, labels, n: rows.length, height, width, channels } };
}

/** The rows of `attackTest`, without applying the trigger. */
export const judgedRows = (test: ImageSet, attack: Attack, settings: AttackSettings): Int32Array | null =>
  attack.trigger(test, settings) && judged(test, attack, settings);

function judged(test: ImageSet, attack: Attack, settings: AttackSettings): Int32Array {
  const { rule } = labellingOf(attack, settings);
  const counts = (y: number) =>
    rule === 'all-to-all' || (rule === 'source-specific' ? settings.sources!.includes(y) : y !== settings.target);
  return Int32Array.from(test.labels.keys()).filter((i) => counts(test.labels[i]));
}

const classCount = ({ labels }: ImageSet) => labels.reduce((a, b) => Math.max(a, b), 0) + 1;

function relabelled(y: number, rule: Labelling['rule'], target: number, classes: number): number {
  if (rule === 'clean-label') return y;
  return rule === 'all-to-all' ? (y + 1) % classes : target;
}

/** The labelling rule: the one in the settings, else the attack's own. */
function labellingOf(attack: Attack, settings: AttackSettings): Labelling {
  const own = attack.labelling(settings.options);
  const rule = settings.rule ?? own.rule;
  // As many cover samples of other classes as poisoned samples, so that the trigger works on the sources alone.
  const cover = rule === 'source-specific' ? own.cover || 0.5 : rule === 'clean-label' ? 0 : own.cover;
  return { rule, cover };
}

/** Throws `UserError` for a rate, a target or sources that the training set does not allow. */
export function checkSettings(train: ImageSet, attack: Attack, settings: AttackSettings): void {
  const { poisonRate, target, sources = [] } = settings;
  if (!(poisonRate >= 0 && poisonRate <= 1)) throw new UserError(`poison rate ${poisonRate}: allowed is 0 to 1`);
  const has = (k: number) => train.labels.includes(k);
  const allowed = `the training set has the classes 0 to ${classCount(train) - 1}`;
  if (!has(target)) throw new UserError(`target class ${target}: ${allowed}`);
  if (labellingOf(attack, settings).rule !== 'source-specific') {
    if (sources.length)
      throw new UserError(`source classes ${sources.join(',')}: only the rule source-specific has them`);
    return;
  }
  if (!sources.length) throw new UserError('the rule source-specific needs source classes (--source), such as 3,5');
  const stray = sources.find((k) => !has(k));
  if (stray !== undefined) throw new UserError(`source class ${stray}: ${allowed}`);
  if (sources.includes(target)) throw new UserError(`source class ${target}: it is the target class`);
}

/**
 * Numbers of the samples that get the trigger: poisoned samples (`payload`), and cover samples, which keep their true label. None for
 * `none` and for a rate of 0. Throws `UserError` as `poison` does.
 */
export function victims(
  train: ImageSet,
  attack: Attack,
  settings: AttackSettings,
): { payload: number[]; cover: number[] } {
  checkSettings(train, attack, settings);
  const { poisonRate, target, sources = [], seed } = settings;
  if (!attack.trigger(train, settings) || poisonRate === 0) return { payload: [], cover: [] };
  const labelling = labellingOf(attack, settings);
  const offers = (k: number) =>
    labelling.rule === 'clean-label' ? k === target : labelling.rule !== 'source-specific' || sources.includes(k);
  const all = indicesByClass(train.labels, classCount(train));
  const draw = (available: typeof all, total: number) => {
    const shares = evenShares(
      available.map((members) => members.length),
      total,
    );
    return available.map((members, k) => new Rng(seed, 'poison', k).sample(members, shares[k]));
  };
  const offered = all.map((members, k) => (offers(k) ? members : members.slice(0, 0)));
  const size = offered.reduce((sum, members) => sum + members.length, 0);
  const count = Math.round(poisonRate * size);
  if (count === 0) throw new UserError(`poison rate ${poisonRate}: of ${size} images it poisons none`);
  const drawn = draw(offered, count);
  if (labelling.rule === 'source-specific') {
    const others = all.map((members, k) => (offers(k) || k === target ? members.slice(0, 0) : members));
    const covers = Math.round((count * labelling.cover) / (1 - labelling.cover));
    return { payload: drawn.flatMap((d) => [...d]), cover: draw(others, covers).flatMap((d) => [...d]) };
  }
  const covers = evenShares(
    drawn.map((d) => d.length),
    Math.round(labelling.cover * count),
  );
  return {
    payload: drawn.flatMap((d, k) => [...d.subarray(covers[k])]),
    cover: drawn.flatMap((d, k) => [...d.subarray(0, covers[k])]),
  };
}

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
