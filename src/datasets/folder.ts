/**
 * Images in folders, one folder per class: `DIR/train/<class>/*` and `DIR/test/<class>/*`, or `DIR/<class>/*` alone.
 *
 * JPEG, PNG and WebP become `size` × `size` RGB (default 32), see images.ts. Without `test/`, a tenth of the images is held out as the test
 * set, balanced over the classes and chosen by the seed. Classes and files are in the order of their names, by code point. Names that
 * begin with a dot are ignored. Only images that the limits select are decoded.
 */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError, unknownWord } from '../base/errors.js';
import { readFolder, requireDir } from './directory.js';
import { checkSize, decodeDataset, decodeImages, type Listing, pickFiles } from './images.js';
import { holdOut } from './limits.js';
import type { DatasetSource, ImageSet } from './types.js';

const IMAGE = /\.(jpe?g|png|webp)$/i;

async function entries(folder: string): Promise<{ name: string; isFolder: boolean }[]> {
  const named = (await readFolder(folder)).filter((e) => !e.name.startsWith('.'));
  return Promise.all(
    named.map(async (e) => {
      // A broken link counts as a file, so that a later error names it.
      const target = e.isSymbolicLink() ? await stat(join(folder, e.name)).catch(() => e) : e;
      return { name: e.name, isFolder: target.isDirectory() };
    }),
  );
}

async function subfolders(folder: string): Promise<string[]> {
  return (await entries(folder)).filter((e) => e.isFolder).map((e) => e.name);
}

/** Class folders of `folder`; other files in it, such as a readme, are ignored. */
async function classFolders(folder: string): Promise<string[]> {
  const classes = await subfolders(folder);
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
      if (!IMAGE.test(entry.name)) throw new UserError(`${path}: is not a JPEG, PNG or WebP image`);
      files.push(path);
      labels.push(classes.indexOf(name));
    }
  }
  return { files, labels: Int32Array.from(labels) };
}

async function listings(root: string, seed: number) {
  const top = await subfolders(root);
  const hasTrain = top.includes('train');
  if (!hasTrain && top.includes('test')) throw new UserError(`${root}: has test/ but no train/`);
  const trainRoot = hasTrain ? join(root, 'train') : root;
  const classes = await classFolders(trainRoot);
  if (classes.length < 2)
    throw new UserError(`${trainRoot}: has the one class "${classes[0]}"; two are needed at least`);
  const train = await list(trainRoot, classes, classes);
  if (!hasTrain || !top.includes('test')) {
    const parts = holdOut(train.labels, classes, seed);
    return { classes, train: pickFiles(train, parts.train), test: pickFiles(train, parts.test) };
  }

  const testRoot = join(root, 'test');
  const tested = await classFolders(testRoot);
  const stray = tested.find((name) => !classes.includes(name));
  if (stray !== undefined) throw unknownWord(`class in ${testRoot}`, stray, classes);
  return { classes, train, test: await list(testRoot, classes, tested) };
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
  const inside = await subfolders(await requireDir('folder', root));
  // `train` may also be the name of a class.
  const split = inside.includes('train') && (await subfolders(join(root, 'train'))).length > 0;
  const top = split ? join(root, 'train') : root;
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
  async load(request) {
    const { dataDir, seed, size = 32 } = request;
    checkSize(size);
    const root = await requireDir('folder', dataDir);
    const { classes, ...all } = await listings(root, seed);
    return decodeDataset('folder', classes, all, request, size);
  },
};
