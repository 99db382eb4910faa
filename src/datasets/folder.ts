/**
 * Images in folders, one folder per class: `DIR/train/<class>/*` and `DIR/test/<class>/*`, or `DIR/<class>/*` alone.
 *
 * The folders of the splits may be called `Train`, `training`, `val`, `validation` and the like; a root that holds nothing but one folder of such a
 * layout is that folder. Images become `size` × `size` RGB (default 32), see images.ts. Without `test/`, a tenth of the images is held out as the test
 * set, balanced over the classes and chosen by the seed. Classes and files are in the order of their names, by code point; classes whose names are all
 * numbers in the order of the numbers. Names that
 * begin with a dot, and files that systems leave behind, are ignored. Only images that the limits select are decoded.
 */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError, unknownWord } from '../base/errors.js';
import { readFolder, requireDir } from './directory.js';
import { checkSize, decodeDataset, decodeImages, IMAGE_KINDS, IMAGE_NAME, type Listing, pickFiles } from './images.js';
import { holdOut } from './limits.js';
import type { DatasetSource, ImageSet } from './types.js';

async function entries(folder: string): Promise<{ name: string; isFolder: boolean }[]> {
  return Promise.all(
    (await readFolder(folder)).map(async (e) => {
      // A broken link counts as a file, so that a later error names it.
      const target = e.isSymbolicLink() ? await stat(join(folder, e.name)).catch(() => e) : e;
      return { name: e.name, isFolder: target.isDirectory() };
    }),
  );
}

async function subfolders(folder: string): Promise<string[]> {
  return (await entries(folder)).filter((e) => e.isFolder).map((e) => e.name);
}

/** Names that are all numbers are in the order of the numbers: folder 2 is class 2 of 0 … 11. Others keep their order. */
const inOrder = (names: string[]) =>
  names.every((name) => /^\d+$/.test(name)) ? names.sort((a, b) => Number(a) - Number(b)) : names;

/** Class folders of `folder`; other files in it, such as a readme, are ignored. */
async function classFolders(folder: string): Promise<string[]> {
  const classes = inOrder(await subfolders(folder));
  if (!classes.length)
    throw new UserError(
      `${folder}: holds no class folders; train/<class>/… and test/<class>/…, or <class>/…, is expected`,
    );
  return classes;
}

async function list(folder: string, classes: readonly string[], present: readonly string[]): Promise<Listing> {
  const files: string[] = [];
  const labels: number[] = [];
  for (const name of present) {
    const inside = await entries(join(folder, name));
    if (!inside.length) throw new UserError(`${join(folder, name)}: class folder holds no images`);
    for (const entry of inside) {
      const path = join(folder, name, entry.name);
      if (entry.isFolder) throw new UserError(`${path}: is a folder where an image is expected`);
      if (!IMAGE_NAME.test(entry.name)) throw new UserError(`${path}: is not a ${IMAGE_KINDS} image`);
      files.push(path);
      labels.push(classes.indexOf(name));
    }
  }
  return { files, labels: Int32Array.from(labels) };
}

/** Names of the splits' folders in lower case, the first that exists first. */
const TRAIN = ['train', 'training'];
const TEST = ['test', 'testing', 'val', 'valid', 'validation'];

const isSplit = (name: string) => [...TRAIN, ...TEST].includes(name.toLowerCase());

interface Layout {
  root: string;
  /** The folders of the splits, as they are written; absent: the classes stand in `root`. */
  train?: string;
  test?: string;
  /** Folders of further splits, which are not used. */
  unused: string[];
}

/** Where the splits are. A folder that holds nothing but one folder with several in it was unpacked one level too deep. */
async function layoutOf(root: string): Promise<Layout> {
  const top = await subfolders(root);
  if (top.length === 1) {
    const deeper = join(root, top[0]);
    if ((await subfolders(deeper)).length > 0 && !isSplit(top[0])) return layoutOf(deeper);
  }
  // A class may be called train, and holds no folders.
  const splits: string[] = [];
  for (const name of top) {
    const inside = await entries(join(root, name));
    if (inside.length === 0 || inside.some((e) => e.isFolder)) splits.push(name);
  }
  const named = (words: readonly string[]) =>
    words.flatMap((word) => splits.filter((name) => name.toLowerCase() === word));
  const [train] = named(TRAIN);
  const [test, ...unused] = named(TEST);
  if (train !== undefined) return { root, train, test, unused };
  if (test !== undefined) throw new UserError(`${root}: has ${test}/ but no train/`);
  return { root, unused: [] };
}

/** The folder that holds the classes of the training set. */
const trainFolder = ({ root, train }: Layout) => (train === undefined ? root : join(root, train));

async function listings(dir: string, seed: number) {
  const layout = await layoutOf(dir);
  const { root, test: testName, unused } = layout;
  const trainRoot = trainFolder(layout);
  const notes = [
    ...(root === dir ? [] : [`the images are in ${root}`]),
    ...(testName !== undefined && testName !== 'test' ? [`${testName}/ is the test set`] : []),
    ...unused.map((name) => `${name}/ is not used`),
  ];
  const classes = await classFolders(trainRoot);
  if (classes.length < 2)
    throw new UserError(`${trainRoot}: has the one class "${classes[0]}"; two are needed at least`);
  const train = await list(trainRoot, classes, classes);
  if (testName === undefined) {
    const parts = holdOut(train.labels, classes, seed);
    return { classes, notes, train: pickFiles(train, parts.train), test: pickFiles(train, parts.test) };
  }

  const testRoot = join(root, testName);
  const tested = await classFolders(testRoot);
  const stray = tested.find((name) => !classes.includes(name));
  if (stray !== undefined) throw unknownWord(`class in ${testRoot}`, stray, classes);
  return { classes, notes, train, test: await list(testRoot, classes, tested) };
}

/**
 * All images of `DIR/train/<class>/`, or of `DIR/<class>/` if there is no `train`, at `size` × `size`; none is held out. `files` follows the
 * images. A class folder without images is an error, unless `empty` is `skip`. Throws `UserError` as the source does.
 */
export async function readLabelled(
  root: string,
  size = 32,
  empty: 'refuse' | 'skip' = 'refuse',
): Promise<{ classes: string[]; set: ImageSet }> {
  checkSize(size);
  const layout = await layoutOf(await requireDir('folder', root));
  const top = trainFolder(layout);
  let classes = await classFolders(top);
  if (empty === 'skip') {
    const held = await Promise.all(classes.map(async (name) => (await entries(join(top, name))).length > 0));
    classes = classes.filter((_, c) => held[c]);
    if (classes.length === 0) throw new UserError(`${top}: its class folders hold no images`);
  }
  return { classes, set: await decodeImages(await list(top, classes, classes), size) };
}

export const folder: DatasetSource = {
  name: 'folder',
  summary: 'images in --data-dir/train/<class>/ and test/<class>/, or in <class>/ alone (a tenth is held out)',
  needsDir: true,
  decodes: true,
  async classes(dataDir) {
    return classFolders(trainFolder(await layoutOf(await requireDir('folder', dataDir))));
  },
  async load(request) {
    const { dataDir, seed, size = 32 } = request;
    checkSize(size);
    const root = await requireDir('folder', dataDir);
    const { classes, notes, ...all } = await listings(root, seed);
    const dataset = await decodeDataset('folder', classes, all, request, size);
    return { ...dataset, notes: [...notes, ...(dataset.notes ?? [])] };
  },
};
