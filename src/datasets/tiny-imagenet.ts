/**
 * Tiny ImageNet, 200 classes of 64×64 images (Stanford CS231n, http://cs231n.stanford.edu/tiny-imagenet-200.zip):
 *
 *   wnids.txt, words.txt, train/<wnid>/images/*.JPEG, val/val_annotations.txt, val/images/*.JPEG
 *
 * Images [n, size, size, 3]. The default `size` is 64, at four times the cost of 32. Classes are numbered in the order of their WordNet ids,
 * as in torchvision's ImageFolder, not in the order of `wnids.txt`. The validation images are the test set, because the official test set
 * has no labels. Only images that the limits select are decoded.
 */
import { join } from 'node:path';
import { UserError } from '../base/errors.js';
import { firstExisting, locate, readFolder, readLines, requireDir } from './directory.js';
import { checkSize, decodeDataset, type Listing } from './images.js';
import type { DatasetSource } from './types.js';

const IMAGE = /^[\w.-]+\.jpe?g$/i;

async function readIds(path: string): Promise<string[]> {
  const ids = (await readLines(path)).map((line) => line.trim()).sort();
  const wrong = ids.find((id, i) => !/^n\d{8}$/.test(id) || id === ids[i + 1]);
  if (wrong !== undefined) throw new UserError(`${path}: "${wrong}" is no WordNet id of its own, such as n02124075`);
  if (ids.length < 2) throw new UserError(`${path}: lists ${ids.length} classes; two are needed at least`);
  return ids;
}

/** The first word of `words.txt` for each id; the id itself if there is none. */
async function classNames(path: string, ids: readonly string[]): Promise<string[]> {
  const lines = (await firstExisting([path])) ? await readLines(path) : [];
  const words = new Map(lines.map((line) => line.split('\t') as [string, string | undefined]));
  return ids.map((id) => words.get(id)?.split(',')[0].trim() || id);
}

async function trainListing(root: string, ids: readonly string[]): Promise<Listing> {
  const files: string[] = [];
  const labels: number[] = [];
  for (const [k, id] of ids.entries()) {
    const folder = join(root, 'train', id, 'images');
    for (const { name } of await readFolder(folder)) {
      if (!IMAGE.test(name)) continue;
      files.push(join(folder, name));
      labels.push(k);
    }
  }
  if (!files.length) throw new UserError(`${join(root, 'train')}: holds no JPEG images`);
  return { files, labels: Int32Array.from(labels) };
}

async function testListing(root: string, ids: readonly string[]): Promise<Listing> {
  const path = join(root, 'val', 'val_annotations.txt');
  const rows = (await readLines(path)).map((line) => line.split('\t'));
  if (!rows.length) throw new UserError(`${path}: lists no images`);
  const labels = rows.map(([name, id = ''], i) => {
    if (!IMAGE.test(name)) throw new UserError(`${path}: line ${i + 1} has the file name "${name}"`);
    const label = ids.indexOf(id);
    if (label < 0) throw new UserError(`${path}: line ${i + 1} has the class "${id}", which wnids.txt does not list`);
    return label;
  });
  return { files: rows.map(([name]) => join(root, 'val', 'images', name)), labels: Int32Array.from(labels) };
}

export const tinyImagenet: DatasetSource = {
  name: 'tiny-imagenet',
  summary: 'Tiny ImageNet, 200 classes, 64×64: wnids.txt, train/ and val/ in --data-dir or tiny-imagenet-200/ in it',
  needsDir: true,
  decodes: true,
  async load(request) {
    const { dataDir, size = 64 } = request;
    checkSize(size);
    const root = await locate(await requireDir('tiny-imagenet', dataDir), ['tiny-imagenet-200'], ['wnids.txt']);
    const ids = await readIds(join(root, 'wnids.txt'));
    const classes = await classNames(join(root, 'words.txt'), ids);
    const all = { train: await trainListing(root, ids), test: await testListing(root, ids) };
    return decodeDataset('tiny-imagenet', classes, all, request, size);
  },
};
