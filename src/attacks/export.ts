/** A poisoned training set as files for other tools. Each appears whole or not at all. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../base/errors.js';
import { eachAtOnce } from '../base/pool.js';
import { Rng } from '../base/random.js';
import type { ImageSet } from '../datasets/types.js';
import { writeFolderAtomic } from '../formats/files.js';
import { ndarray } from '../formats/npy.js';
import { writeNpz } from '../formats/npz.js';
import type { PoisonedSet } from './types.js';

/** Formats of `exportSet`. */
export const exportFormats = ['npz', 'folder', 'bin'] as const;
/** One of `exportFormats`. */
export type ExportFormat = (typeof exportFormats)[number];

/** What an export contains besides the poisoned set. */
export interface ExportContext {
  /** Class names in the order of their numbers. */
  classes: readonly string[];
  seed: number;
  /** Settings of the attack, for `manifest.json`. */
  settings: Record<string, unknown>;
  /** The clean test set, and the triggered test images with the labels the attacker wants. */
  test: ImageSet;
  triggered: ImageSet | null;
}

/**
 * `npz`: one file with `images` [n, h, w, c] uint8, `labels` and `original_labels` int64, `poisoned` and `cover` bool,
 * `index` int64 (the sample's place in the training split), each [n].
 *
 * `folder`: `train/<class>/<number>.png` and `manifest.json`; the clean test set in `test/`, and in `test-triggered/` the
 * triggered test images, under the class the attacker wants. `bin`: CIFAR-10's binary layout for 32×32×3 images,
 * `data_batch_1.bin` … `data_batch_5.bin`, `test_batch.bin`, `batches.meta.txt`, and beside it `test_triggered.bin` and
 * `manifest.json`. Training images are in a random order drawn from the seed, so that neither names nor order
 * reveal which are poisoned; the manifest says it.
 * Throws `UserError` for a set that the format cannot hold.
 */
export async function exportSet(set: PoisonedSet, path: string, format: ExportFormat, about: ExportContext) {
  if (format === 'npz') return exportNpz(set, path);
  const order = new Rng(about.seed, 'export').permutation(set.n);
  await writeFolderAtomic(path, async (folder) => {
    const files = await (format === 'folder' ? writeFolder : writeBin)(set, order, folder, about);
    await writeFile(join(folder, 'manifest.json'), manifest(set, order, files, about));
  });
}

async function exportNpz(set: PoisonedSet, path: string): Promise<void> {
  const { n, height, width, channels } = set;
  const long = (values: Int32Array) => ndarray(BigInt64Array.from(values, BigInt), [n]);
  await writeNpz(path, {
    images: ndarray(set.images, [n, height, width, channels]),
    labels: long(set.labels),
    original_labels: long(set.originalLabels),
    poisoned: ndarray(set.poisoned, [n], 'b1'),
    cover: ndarray(set.cover, [n], 'b1'),
    index: long(set.index),
  });
}

/** One line per sample, in the order of the files. */
function manifest(set: PoisonedSet, order: Int32Array, files: readonly string[], about: ExportContext): string {
  const samples = Array.from(order, (i, place) =>
    JSON.stringify({
      file: files[place],
      index: set.index[i],
      label: set.labels[i],
      originalLabel: set.originalLabels[i],
      poisoned: set.poisoned[i] === 1,
      cover: set.cover[i] === 1,
    }),
  );
  const head = JSON.stringify({ format: 1, ...about.settings, classes: about.classes }).slice(0, -1);
  return `${head},"samples":[\n${samples.join(',\n')}\n]}\n`;
}

/** PNG files written at a time: enough to keep all cores busy. */
const AT_ONCE = 16;

async function writeFolder(set: PoisonedSet, order: Int32Array, root: string, about: ExportContext) {
  const { classes, test, triggered } = about;
  const unfit = classes.find((name) => /[/\\]/.test(name) || name.startsWith('.') || name === '');
  if (unfit !== undefined) throw new UserError(`--format folder: the class "${unfit}" cannot be the name of a folder`);
  const inOrder = (n: number) => Int32Array.from({ length: n }, (_, i) => i);
  if (triggered) await writePngs(triggered, inOrder(triggered.n), root, 'test-triggered', classes);
  await writePngs(test, inOrder(test.n), root, 'test', classes);
  return writePngs(set, order, root, 'train', classes);
}

/** Writes images as `<split>/<class>/<place in order>.png`; returns the names in that order. */
async function writePngs(
  { images, labels, height, width, channels }: Omit<ImageSet, 'n'>,
  order: Int32Array,
  root: string,
  split: string,
  classes: readonly string[],
): Promise<string[]> {
  for (const name of classes) await mkdir(join(root, split, name), { recursive: true });
  const size = height * width * channels;
  const digits = String(order.length).length;
  const files = Array.from(
    order,
    (i, place) => `${split}/${classes[labels[i]]}/${String(place + 1).padStart(digits, '0')}.png`,
  );
  const { default: sharp } = await import('sharp');
  await eachAtOnce(order.length, AT_ONCE, async (place) => {
    const pixels = images.subarray(order[place] * size, (order[place] + 1) * size);
    await sharp(pixels, { raw: { height, width, channels: channels as 1 | 3 } })
      .png()
      .toFile(join(root, files[place]));
  });
  return files;
}

/** Training batches of CIFAR-10's layout. */
const BATCHES = 5;

async function writeBin(set: PoisonedSet, order: Int32Array, root: string, about: ExportContext) {
  const { height, width, channels, n } = set;
  const { classes, test, triggered } = about;
  if (height !== 32 || width !== 32 || channels !== 3)
    throw new UserError(`--format bin: CIFAR's layout holds 32×32×3 images, these are ${height}×${width}×${channels}`);
  if (classes.length > 256)
    throw new UserError(`--format bin: a label is one byte, these are ${classes.length} classes`);
  if (n % BATCHES)
    throw new UserError(
      `--format bin: ${n} images do not make ${BATCHES} equal batches; choose a --train-limit that ${BATCHES} divides`,
    );
  const files: string[] = [];
  for (let b = 0; b < BATCHES; b++) {
    const name = `data_batch_${b + 1}.bin`;
    const some = order.subarray((b * n) / BATCHES, ((b + 1) * n) / BATCHES);
    await writeFile(join(root, name), records(set, some));
    for (const r of some.keys()) files.push(`${name}#${r}`);
  }
  await writeFile(join(root, 'test_batch.bin'), records(test, test.labels.keys()));
  if (triggered) await writeFile(join(root, 'test_triggered.bin'), records(triggered, triggered.labels.keys()));
  await writeFile(join(root, 'batches.meta.txt'), `${classes.join('\n')}\n`);
  return files;
}

/** CIFAR-10's records: a label byte, then the pixels channel by channel. */
function records({ images, labels, height, width }: Omit<ImageSet, 'n'>, rows: Iterable<number>): Uint8Array {
  const list = [...rows];
  const plane = height * width;
  const bytes = new Uint8Array(list.length * (1 + 3 * plane));
  list.forEach((i, r) => {
    const at = r * (1 + 3 * plane);
    bytes[at] = labels[i];
    for (let p = 0; p < 3 * plane; p++) bytes[at + 1 + (p % 3) * plane + Math.floor(p / 3)] = images[i * 3 * plane + p];
  });
  return bytes;
}
