/**
 * Images and labels as NumPy arrays: `--data-dir` is an .npz file, a folder with `train.npz` and optionally `test.npz`, or a folder of .npy files, one an
 * array: `x_train.npy`, `y_train.npy`, ….
 *
 * Accepted names: `images`, `labels`; `arr_0`, `arr_1`; `x_train`, `y_train` with `x_test`, `y_test` (Keras); `train_images`, `train_labels`;
 * `data`, `labels` or `target`; `X`, `y`; `image`, `label`. arrays.ts says how images and labels are read. Classes are 0 up to the largest label, or 1 up
 * to it, and have their numbers as names. Without a test set, a seeded tenth is held out.
 *
 * Files of `ibscope poison` are accepted, with the labels that the attack gave. Their flags `poisoned` and `cover` keep triggered samples
 * out of a held-out test set, with a note. Other arrays in the file are ignored.
 */

import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../base/errors.js';
import { type NdArray, readNpy } from '../formats/npy.js';
import { readNpz } from '../formats/npz.js';
import { imagesOf, labelsOf } from './arrays.js';
import { firstExisting, readFolder } from './directory.js';
import { refuseHdf5 } from './hdf5.js';
import { holdOut, imbalance, limited, positions } from './limits.js';
import { checkLabels, gather } from './select.js';
import type { DatasetSource, ImageSet } from './types.js';

/** Names of images and labels. */
type Pair = readonly [x: string, y: string];

const PAIRS: readonly Pair[] = [
  ['images', 'labels'],
  ['arr_0', 'arr_1'],
  ['x_train', 'y_train'],
  ['X_train', 'y_train'],
  ['train_images', 'train_labels'],
  ['data', 'labels'],
  ['data', 'target'],
  ['X', 'y'],
  ['x', 'y'],
  ['image', 'label'],
];
const TESTS: readonly Pair[] = [
  ['x_test', 'y_test'],
  ['X_test', 'y_test'],
  ['test_images', 'test_labels'],
];
const FLAGS = ['poisoned', 'cover'];
const KNOWN = [...new Set([...PAIRS, ...TESTS].flat()), ...FLAGS];

type Arrays = Record<string, NdArray>;

/** A kind of files that hold arrays by name. */
interface ArrayFiles {
  name: string;
  summary: string;
  /** The first is that of `train` and `test` in messages. */
  endings: readonly string[];
  /** The arrays of a file, at least those of `KNOWN`. */
  read(path: string): Promise<Arrays>;
  /** A file of one array, in messages, and what reads the folder of such files; null for a folder without one. */
  single?: { example: string; read(folder: string): Promise<Arrays | null> };
}

/** Arrays by name, and what to call their file. */
interface Source {
  name: string;
  arrays: Arrays;
}

/** The .npy files of a folder whose names are those of arrays. */
async function readNpyFolder(folder: string): Promise<Arrays | null> {
  if (!(await readFolder(folder)).some(({ name }) => /\.npy$/i.test(name))) return null;
  const arrays: Arrays = {};
  for (const name of KNOWN) {
    const path = await firstExisting([join(folder, `${name}.npy`)]);
    if (path) arrays[name] = await readNpy(path);
  }
  return arrays;
}

/** The arrays behind `--data-dir`, and those of the test set where they have a file of their own. */
async function readSources(kind: ArrayFiles, dataDir: string | undefined): Promise<{ train: Source; test?: Source }> {
  const { endings, single } = kind;
  const [ending] = endings;
  const orSingle = single ? ` or ${single.example}` : '';
  if (!dataDir)
    throw new UserError(
      `data set "${kind.name}" needs --data-dir, an ${ending} file or a folder with train${ending}${orSingle}`,
    );
  const found = await stat(dataDir).catch(() => undefined);
  if (!found) throw new UserError(`--data-dir ${dataDir}: no such file or folder`);
  const source = async (name: string): Promise<Source> => ({ name, arrays: await kind.read(name) });
  if (!found.isDirectory()) {
    await refuseHdf5(dataDir);
    return { train: await source(dataDir) };
  }
  const [train, test] = await Promise.all(
    ['train', 'test'].map((part) => firstExisting(endings.map((end) => join(dataDir, `${part}${end}`)))),
  );
  if (train) return { train: await source(train), test: test ? await source(test) : undefined };
  const arrays = await single?.read(dataDir);
  if (arrays) return { train: { name: dataDir, arrays } };
  for (const { name } of await readFolder(dataDir)) await refuseHdf5(join(dataDir, name));
  throw new UserError(`--data-dir ${dataDir}: holds no train${ending}${single ? ` and no ${single.example}` : ''}`);
}

/** Images, labels and class names, and how they were read where that needs a word. */
interface Read {
  set: ImageSet;
  first: 0 | 1;
  notes: string[];
}

/** Images and labels under the names `x` and `y` of the file `name`. */
function split(name: string, arrays: Arrays, [x, y]: Pair): Read {
  if (!arrays[y]) throw new UserError(`${name}: holds no array "${y}"`);
  const { note, ...images } = imagesOf(`${name}[${x}]`, arrays[x]);
  // Our own exports count from 0, though every sample of class 0 may have become another.
  const own = arrays.poisoned !== undefined;
  const { labels, first, note: said } = labelsOf(`${name}[${y}]`, arrays[y], images.n, own);
  return { set: { ...images, labels }, first, notes: [note, said].filter((text) => text !== null) };
}

/** The numbers that labels had, as names. */
function namesOf({ set, first }: Read): string[] {
  const k = 1 + set.labels.reduce((a, b) => Math.max(a, b), 0);
  return Array.from({ length: k }, (_, c) => String(c + first));
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

/** The test set with labels that count as those of the training set do: of few images none may be of the first class. */
function numberedAs(train: Read, { set, first }: Read): ImageSet {
  const shift = first - train.first;
  return shift === 0 ? set : { ...set, labels: set.labels.map((label) => label + shift) };
}

function sameShape(name: string, test: ImageSet, train: ImageSet): void {
  const [a, b] = [test, train].map((set) => `${set.height}×${set.width}×${set.channels}`);
  if (a !== b) throw new UserError(`${name}: test images are ${a}, training images ${b}`);
}

/** The names of images and labels in a file that holds `arrays`: those of which both are there, else those of the images. */
function pairOf(name: string, arrays: Arrays, pairs: readonly Pair[]): Pair {
  const pair = pairs.find(([x, y]) => arrays[x] && arrays[y]) ?? pairs.find(([x]) => arrays[x]);
  if (pair) return pair;
  const names = [...new Set(pairs.map(([x]) => `"${x}"`))];
  throw new UserError(
    `${name}: holds no images; the array is called ${names.slice(0, -1).join(', ')} or ${names.at(-1)}`,
  );
}

/** Whether a folder holds arrays: `train.npz`, or .npy files. Throws `UserError` if it cannot be read. */
export async function holdsArrays(folder: string): Promise<boolean> {
  return (await readFolder(folder)).some(({ name }) => name === 'train.npz' || /\.npy$/i.test(name));
}

const NPZ: ArrayFiles = {
  name: 'npz',
  summary:
    'NumPy arrays: --data-dir is an .npz file (images, labels; or x_train, y_train, …), or a folder with train.npz or x_train.npy, … in it',
  endings: ['.npz'],
  read: (path) => readNpz(path, { only: KNOWN }),
  single: { example: 'x_train.npy', read: readNpyFolder },
};

/**
 * All images and labels of one file, or of the training set in a folder of arrays; none is held out, and other arrays are ignored. Throws `UserError` as
 * the source does.
 */
export async function readLabelledNpz(path: string): Promise<{ classes: string[]; set: ImageSet }> {
  const { name, arrays } = (await readSources(NPZ, path)).train;
  const read = split(name, arrays, pairOf(name, arrays, PAIRS));
  return { classes: namesOf(read), set: read.set };
}

/** The source of the images and labels in files of one kind. */
export const arraySource = (kind: ArrayFiles): DatasetSource => ({
  name: kind.name,
  summary: kind.summary,
  needsDir: true,
  async load({ dataDir, trainLimit, testLimit, seed }) {
    const files = await readSources(kind, dataDir);
    const { name: trainName, arrays } = files.train;
    const read = split(trainName, arrays, pairOf(trainName, arrays, PAIRS));
    const { set: all } = read;
    const classes = namesOf(read);
    const k = classes.length;
    if (k < 2) throw new UserError(`${trainName}: has the one class 0; two are needed at least`);

    const { name, arrays: others } = files.test ?? files.train;
    const hasTest = files.test || TESTS.some(([x]) => others[x]);
    const tested = hasTest
      ? split(name, others, pairOf(name, others, files.test ? [...TESTS, ...PAIRS] : TESTS))
      : read;
    const held = numberedAs(read, tested);
    sameShape(name, held, all);
    checkLabels(name, held.labels, k);

    const marks = triggered(trainName, arrays, all.n);
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
    const notes = [
      ...read.notes,
      ...(hasTest ? tested.notes : []),
      ...imbalance(train.labels, classes, 'train'),
      ...imbalance(test.labels, classes, 'test'),
    ];
    if (clean.length < all.n) {
      const aside = hasTest ? '' : ', and were kept out of the test set';
      notes.push(
        `${all.n - clean.length} of the ${all.n} images carry a trigger already${aside}; without --manifest an attack is added to them`,
      );
    }
    return { name: kind.name, classes, train, test, notes };
  },
});

export const npz = arraySource(NPZ);
