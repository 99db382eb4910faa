/**
 * Applies an attack to a data set: which samples are touched, what becomes of their labels, and the way back from the
 * trigger's float image to bytes.
 *
 * Images [n, h, w, c] uint8 → float in [0, 1] → trigger → ×255, rounded half away from zero, clamped to 0 … 255.
 */
import { UserError } from '../base/errors.js';
import { Rng } from '../base/random.js';
import { evenShares, indicesByClass } from '../datasets/limits.js';
import type { ImageSet } from '../datasets/types.js';
import type { Attack, AttackSettings, Labelling, PoisonedSet } from './types.js';

/**
 * The training set under attack. Triggered are round(rate · n) samples of the n the labelling rule offers (the whole
 * set, or the target class), as evenly from all classes as possible: what cannot be shared evenly comes from the classes
 * of lowest number. Of each class's, the share `cover` keeps its label. Everything else stays as it is, in order.
 * Throws `UserError` for a rate outside [0, 1], one so small that nothing is triggered, or a target that is no class.
 */
export function poison(train: ImageSet, attack: Attack, settings: AttackSettings): PoisonedSet {
  const { n, height, width, channels } = train;
  const out: PoisonedSet = {
    images: train.images.slice(),
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
  checkSettings(train, settings);
  const trigger = attack.trigger(train, settings);
  if (!trigger || settings.poisonRate === 0) return out;

  const { payload, cover } = choose(train, attack.labelling(settings.options), settings);
  for (const i of payload) {
    out.poisoned[i] = 1;
    out.labels[i] = settings.target;
  }
  for (const i of cover) out.cover[i] = 1;
  for (const i of [...payload, ...cover]) stamp(train, out.images, i, trigger.train);
  return out;
}

/**
 * Every test image with the trigger as it looks at test time; labels are the true ones, so that the attack success rate
 * can leave the target class out. `none` has no trigger and gives the images as they are.
 */
export function triggerTest(test: ImageSet, attack: Attack, settings: AttackSettings): ImageSet {
  const images = test.images.slice();
  const trigger = attack.trigger(test, settings);
  if (trigger) for (let i = 0; i < test.n; i++) stamp(test, images, i, trigger.test);
  return { ...test, images, labels: test.labels.slice() };
}

function checkSettings(train: ImageSet, { poisonRate, target }: AttackSettings): void {
  if (!(poisonRate >= 0 && poisonRate <= 1)) throw new UserError(`poison rate ${poisonRate}: allowed is 0 to 1`);
  if (!train.labels.includes(target)) {
    const last = train.labels.reduce((a, b) => Math.max(a, b), 0);
    throw new UserError(`target class ${target}: the training set has the classes 0 to ${last}`);
  }
}

/** The samples to trigger: those that carry the payload, and those that keep their label. */
function choose(train: ImageSet, labelling: Labelling, { poisonRate, target, seed }: AttackSettings) {
  const classes = train.labels.reduce((a, b) => Math.max(a, b), 0) + 1;
  const byClass = indicesByClass(train.labels, classes).map((members, k) =>
    labelling.victims === 'all' || k === target ? members : [],
  );
  const sizes = byClass.map((members) => members.length);
  const offered = sizes.reduce((a, b) => a + b);
  const triggered = Math.round(poisonRate * offered);
  if (triggered === 0) throw new UserError(`poison rate ${poisonRate}: of ${offered} images it poisons none`);

  const shares = evenShares(sizes, triggered);
  const covers = evenShares(shares, Math.round(labelling.cover * triggered));
  const payload: number[] = [];
  const cover: number[] = [];
  byClass.forEach((members, k) => {
    const drawn = new Rng(seed, 'poison', k).sample(members, shares[k]);
    cover.push(...drawn.subarray(0, covers[k]));
    payload.push(...drawn.subarray(covers[k]));
  });
  return { payload, cover };
}

/** Replaces image `i` in `into` by the triggered one. */
function stamp(
  from: ImageSet,
  into: Uint8Array,
  i: number,
  trigger: (image: Float32Array, index: number) => Float32Array,
): void {
  const size = from.height * from.width * from.channels;
  const image = new Float32Array(size);
  for (let p = 0; p < size; p++) image[p] = from.images[i * size + p] / 255;
  into.set(toBytes(trigger(image, i)), i * size);
}

/** Values in [0, 1] → bytes: ×255, half away from zero, clamped. */
export function toBytes(image: Float32Array): Uint8Array {
  const bytes = new Uint8Array(image.length);
  for (let p = 0; p < image.length; p++) {
    // For what is not clamped anyway (≥ 0), half up is half away from zero.
    bytes[p] = Math.min(255, Math.max(0, Math.floor(255 * image[p] + 0.5)));
  }
  return bytes;
}
