/** The sets that `bench/audit.ts` and `bench/clean-sets.ts` audit: poisoned for one or several targets, and clean ones of many kinds. */
import { findAttack, type PoisonedSet, poison } from '../src/attacks/index.js';
import { Rng } from '../src/base/random.js';
import { indicesByClass } from '../src/datasets/limits.js';
import { gather, pick } from '../src/datasets/select.js';
import type { ImageSet } from '../src/datasets/types.js';

/** How the sizes of classes are changed. */
export type Sizes = 'imbalanced' | 'rare' | 'equal';

/** The class that is rare in some sets, and its images. */
const RARE = { label: 3, images: 40 };

/**
 * Removes clean samples: classes to a half and a quarter in turn, one class to a few samples, or the class `target` to the size of the
 * others.
 */
export function sized(set: PoisonedSet, sizes: Sizes | undefined, seed: number, target = 0): PoisonedSet {
  if (!sizes) return set;
  const rng = new Rng(seed, 'sizes');
  const count = (k: number) => set.labels.reduce((s, y) => s + Number(y === k), 0);
  const keep = new Set<number>();
  const other = count(target + 1);
  for (let k = 0; k < 10; k++) {
    const rows = [...set.labels.keys()].filter((i) => set.labels[i] === k);
    const [poisoned, clean] = [rows.filter((i) => set.poisoned[i]), rows.filter((i) => !set.poisoned[i])];
    const wanted =
      sizes === 'equal'
        ? k === target
          ? Math.max(0, other - poisoned.length)
          : clean.length
        : sizes === 'rare'
          ? k === RARE.label
            ? RARE.images
            : clean.length
          : Math.round(clean.length * [1, 0.5, 0.25][k % 3]);
    for (const i of [...poisoned, ...rng.sample(clean, Math.min(wanted, clean.length))]) keep.add(i);
  }
  const rows = Int32Array.from([...keep].sort((a, b) => a - b));
  const of = (v: Uint8Array) => Uint8Array.from(rows, (i) => v[i]);
  return {
    ...gather(set, rows),
    originalLabels: rows.map((i) => set.originalLabels[i]),
    poisoned: of(set.poisoned),
    cover: of(set.cover),
    index: rows.map((i) => set.index[i]),
  };
}

const CORNERS = ['top-left', 'bottom-right', 'top-right', 'bottom-left'];
const COLOURS = ['red', 'green', 'blue', 'yellow', 'cyan', 'magenta', 'white'];

/** A set with `targets` target classes (0, 1, …), each with its own patch of BadNets (corner and colour) on `rate` of the whole set. */
export function severalTargets(train: ImageSet, targets: number, rate: number, seed: number): PoisonedSet {
  const attack = findAttack('badnets');
  const each = Array.from({ length: targets }, (_, target) => {
    const options = {
      position: CORNERS[target % CORNERS.length],
      colour: COLOURS[(target + Math.floor(target / CORNERS.length)) % COLOURS.length],
    };
    return poison(train, attack, { poisonRate: rate, target, seed: seed + 1000 * target, options });
  });
  const [out, ...more] = each;
  const size = train.height * train.width * train.channels;
  for (const set of more)
    for (let i = 0; i < train.n; i++) {
      // An image that two targets draw stays with the first.
      if (!set.poisoned[i] || out.poisoned[i]) continue;
      out.images.set(set.images.subarray(i * size, (i + 1) * size), i * size);
      out.labels[i] = set.labels[i];
      out.poisoned[i] = 1;
    }
  return out;
}

/** What is done to a clean set: sizes of ordinary sets, and what some real sets have. */
export const kinds = [
  'plain',
  'imbalanced',
  'rare',
  'near-duplicates',
  'label noise 1 %',
  'label noise 2 %',
  'label noise 5 %',
  'label noise 10 %',
  'two natural kinds',
  'watermark',
] as const;
/** One of `kinds`. */
export type Kind = (typeof kinds)[number];

/** A clean set of some kind, without any backdoor. */
export function cleanSet(set: ImageSet, kind: Kind, seed: number): ImageSet {
  const rng = new Rng(seed, 'kind', kind);
  if (kind === 'imbalanced' || kind === 'rare') {
    const none = new Uint8Array(set.n);
    const index = Int32Array.from(set.labels.keys());
    return sized({ ...set, originalLabels: set.labels, poisoned: none, cover: none, index }, kind, seed);
  }
  if (kind === 'near-duplicates') return withDuplicates(set, rng);
  if (kind.startsWith('label noise')) return withLabelNoise(set, Number(kind.split(' ')[2]) / 100, rng);
  if (kind === 'two natural kinds') return withTwoKinds(set);
  if (kind === 'watermark') return withWatermark(set, rng);
  return set;
}

const classesOf = (set: ImageSet) => set.labels.reduce((most, y) => Math.max(most, y + 1), 0);

/** A fifth of the images appears again, brighter or darker by up to 8 of 255. */
function withDuplicates(set: ImageSet, rng: Rng): ImageSet {
  const again = rng.sample([...set.labels.keys()], Math.floor(set.n / 5));
  const out = gather(set, Int32Array.from([...set.labels.keys(), ...again]));
  const size = set.height * set.width * set.channels;
  for (let k = 0; k < again.length; k++) {
    const by = rng.int(17) - 8;
    const image = out.images.subarray((set.n + k) * size, (set.n + k + 1) * size);
    for (let j = 0; j < size; j++) image[j] = Math.max(0, Math.min(255, image[j] + by));
  }
  return out;
}

/** A share of the samples gets the label of another class, each as likely as the other. */
function withLabelNoise(set: ImageSet, share: number, rng: Rng): ImageSet {
  const classes = classesOf(set);
  const labels = set.labels.slice();
  for (const i of rng.sample([...labels.keys()], Math.round(share * set.n)))
    labels[i] = (labels[i] + 1 + rng.int(classes - 1)) % classes;
  return { ...set, labels };
}

/** The last class joins the first, in equal numbers and with as many samples as before. */
function withTwoKinds(set: ImageSet): ImageSet {
  const last = classesOf(set) - 1;
  const members = indicesByClass(set.labels, last + 1);
  const half = (rows: number[]) => rows.slice(0, Math.ceil(rows.length / 2));
  const left = new Set([...half(members[0]), ...half(members[last])]);
  const rows = [...set.labels.keys()].filter((i) => ![0, last].includes(set.labels[i]) || left.has(i));
  const out = pick(set, rows);
  return { ...out, labels: out.labels.map((y) => (y === last ? 0 : y)) };
}

/** A third of the images of one class has a white bar with dark letters' strokes at its lower edge. */
function withWatermark(set: ImageSet, rng: Rng): ImageSet {
  const { height, width, channels } = set;
  const own = indicesByClass(set.labels, classesOf(set))[0];
  const images = set.images.slice();
  const size = height * width * channels;
  for (const i of rng.sample(own, Math.round(own.length / 3)))
    for (let y = height - 6; y < height - 2; y++)
      for (let x = Math.floor(width / 2); x < width - 2; x++)
        images.fill(
          x % 3 === 0 ? 40 : 235,
          i * size + (y * width + x) * channels,
          i * size + (y * width + x + 1) * channels,
        );
  return { ...set, images };
}
