/**
 * Images and labels as NumPy arrays: `--data-dir` is an .npz file, or a folder with `train.npz` and optionally `test.npz`.
 *
 * Accepted names: `images`, `labels`; `arr_0`, `arr_1`; `x_train`, `y_train` with `x_test`, `y_test` (Keras). Images are [n, h, w] or
 * [n, h, w, c] with c 1 or 3, as bytes or as floats in [0, 1]; floats are multiplied by 255 and rounded, which restores former bytes.
 * Labels are whole numbers [n] or [n, 1]. Classes are 0 up to the largest label and have their numbers as names. Without a test set, a
 * seeded tenth is held out.
 *
 * Files of `ibscope poison` are accepted, with the labels that the attack gave. Their flags `poisoned` and `cover` keep triggered samples
 * out of a held-out test set, with a note. Other arrays in the file are ignored.
 */

import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../base/errors.js';
import type { NdArray } from '../formats/npy.js';
import { readNpz } from '../formats/npz.js';
import { firstExisting } from './directory.js';
import { holdOut, imbalance, limited, positions } from './limits.js';
import { checkLabels, gather } from './select.js';
import type { DatasetSource, ImageSet } from './types.js';

/** Names of images and labels. */
type Pair = readonly [x: string, y: string];

const PAIRS: readonly Pair[] = [
  ['images', 'labels'],
  ['arr_0', 'arr_1'],
  ['x_train', 'y_train'],
];
const TEST: Pair = ['x_test', 'y_test'];
const FLAGS = ['poisoned', 'cover'];
const KNOWN = [...PAIRS.flat(), ...TEST, ...FLAGS];
/** Largest number of classes. A larger label is a mistake, and would allocate a table of its size. */
const MOST_CLASSES = 10_000;

type Arrays = Record<string, NdArray>;

/** The file or files behind `--data-dir`. */
async function locate(dataDir: string | undefined): Promise<{ train: string; test?: string }> {
  if (!dataDir) throw new UserError('data set "npz" needs --data-dir, an .npz file or a folder with train.npz');
  const found = await stat(dataDir).catch(() => undefined);
  if (!found) throw new UserError(`--data-dir ${dataDir}: no such file or folder`);
  if (!found.isDirectory()) return { train: dataDir };
  const train = await firstExisting([join(dataDir, 'train.npz')]);
  if (!train) throw new UserError(`--data-dir ${dataDir}: holds no train.npz`);
  return { train, test: await firstExisting([join(dataDir, 'test.npz')]) };
}

function toBytes(name: string, { data, dtype }: NdArray): Uint8Array {
  if (data instanceof Uint8Array && dtype === 'u1') return data;
  if (!(data instanceof Float32Array || data instanceof Float64Array)) {
    throw new UserError(`${name}: images are ${dtype}; uint8, or floats in [0, 1], are expected`);
  }
  const bytes = new Uint8Array(data.length);
  for (let i = 0; i < data.length; i++) {
    if (!(data[i] >= 0 && data[i] <= 1)) {
      throw new UserError(`${name}: holds the value ${data[i]}; float images lie in [0, 1], others are uint8`);
    }
    bytes[i] = Math.round(255 * data[i]);
  }
  return bytes;
}

/** Images and labels under the names `x` and `y` of the file `name`. */
function split(name: string, arrays: Arrays, [x, y]: Pair): ImageSet {
  const missing = [x, y].find((key) => !arrays[key]);
  if (missing) throw new UserError(`${name}: holds no array "${missing}"`);
  const images = `${name}[${x}]`;
  const [n, height, width, channels = 1] = arrays[x].shape;
  const rank = arrays[x].shape.length;
  if ((rank !== 3 && rank !== 4) || (channels !== 1 && channels !== 3) || !(height && width)) {
    throw new UserError(
      `${images}: has the shape (${arrays[x].shape}); (n, h, w), (n, h, w, 1) or (n, h, w, 3) is expected`,
    );
  }
  const labels = `${name}[${y}]`;
  const { shape, dtype, data } = arrays[y];
  if (!/^[ui]/.test(dtype)) throw new UserError(`${labels}: labels are ${dtype}; integers are expected`);
  if (shape[0] !== n || data.length !== n) {
    throw new UserError(`${labels}: has the shape (${shape}) for ${n} images; (${n}) is expected`);
  }
  const numbers = Array.from<number | bigint, number>(data, Number);
  checkLabels(labels, numbers, MOST_CLASSES);
  return { images: toBytes(images, arrays[x]), labels: Int32Array.from(numbers), n, height, width, channels };
}

/** 1 for samples that the flags `poisoned` or `cover` mark as triggered, [n]. */
function triggered(name: string, arrays: Arrays, n: number): Uint8Array {
  const out = new Uint8Array(n);
  for (const flag of FLAGS) {
    const array = arrays[flag];
    if (!array) continue;
    if (array.data.length !== n)
      throw new UserError(`${name}[${flag}]: has ${array.data.length} flags for ${n} images`);
    array.data.forEach((value: number | bigint, i: number) => {
      if (value) out[i] = 1;
    });
  }
  return out;
}

function sameShape(name: string, test: ImageSet, train: ImageSet): void {
  const [a, b] = [test, train].map((set) => `${set.height}×${set.width}×${set.channels}`);
  if (a !== b) throw new UserError(`${name}: test images are ${a}, training images ${b}`);
}

/** The names of images and labels in a file that holds `arrays`. */
function pairOf(name: string, arrays: Arrays, pairs: readonly Pair[]): Pair {
  const pair = pairs.find(([x]) => arrays[x]);
  if (pair) return pair;
  throw new UserError(`${name}: holds no images; the array is called ${pairs.map(([x]) => `"${x}"`).join(' or ')}`);
}

/** All images and labels of one file; none is held out, and other arrays are ignored. Throws `UserError` as the source does. */
export async function readLabelledNpz(path: string): Promise<{ classes: string[]; set: ImageSet }> {
  const arrays = await readNpz(path, { only: PAIRS.flat() });
  const set = split(path, arrays, pairOf(path, arrays, PAIRS));
  const k = 1 + set.labels.reduce((a, b) => Math.max(a, b), 0);
  return { classes: Array.from({ length: k }, (_, c) => String(c)), set };
}

export const npz: DatasetSource = {
  name: 'npz',
  summary: 'NumPy arrays: --data-dir is an .npz file (images, labels; or x_train, y_train, …) or has train.npz in it',
  needsDir: true,
  async load({ dataDir, trainLimit, testLimit, seed }) {
    const files = await locate(dataDir);
    const arrays = await readNpz(files.train, { only: KNOWN });
    const all = split(files.train, arrays, pairOf(files.train, arrays, PAIRS));
    const k = 1 + all.labels.reduce((a, b) => Math.max(a, b), 0);
    if (k < 2) throw new UserError(`${files.train}: has the one class 0; two are needed at least`);
    const classes = Array.from({ length: k }, (_, c) => String(c));

    const name = files.test ?? files.train;
    const others = files.test ? await readNpz(files.test, { only: KNOWN }) : arrays;
    const hasTest = files.test || others[TEST[0]];
    const held = hasTest ? split(name, others, pairOf(name, others, files.test ? [TEST, ...PAIRS] : [TEST])) : all;
    sameShape(name, held, all);
    checkLabels(name, held.labels, k);

    const marks = triggered(files.train, arrays, all.n);
    const clean = positions(all.n).filter((i) => !marks[i]);
    if (!hasTest && !clean.length) throw new UserError(`${name}: has no clean images to hold out for testing`);
    const parts = hasTest
      ? { train: positions(all.n), test: positions(held.n) }
      : holdOut(all.labels, classes, seed, clean);
    const choose = (set: ImageSet, part: Int32Array, limit: number | undefined, which: 'train' | 'test'): ImageSet => {
      const labels = part.map((i) => set.labels[i]);
      const places = limited(labels, k, limit, seed, which).map((j) => part[j]);
      return { ...gather(set, places), places };
    };
    const train = choose(all, parts.train, trainLimit, 'train');
    const test = choose(held, parts.test, testLimit, 'test');
    const notes = [...imbalance(train.labels, classes, 'train'), ...imbalance(test.labels, classes, 'test')];
    if (clean.length < all.n) {
      const aside = hasTest ? '' : ', and were kept out of the test set';
      notes.push(
        `${all.n - clean.length} of the ${all.n} images carry a trigger already${aside}; without --manifest an attack is added to them`,
      );
    }
    return { name: 'npz', classes, train, test, notes };
  },
};
