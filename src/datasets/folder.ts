/**
 * Images in folders, one folder a class: `DIR/train/<class>/*` and `DIR/test/<class>/*`, or `DIR/<class>/*` alone.
 *
 * JPEG, PNG and WebP of any size become `size` × `size` RGB (default 32): stretched rather than cropped, turned upright
 * by their EXIF mark, grey spread to three channels, transparency laid over white. Without `test/` a tenth of the
 * images, evenly from all classes and chosen by the seed, is held out as the test set. Order: classes, then file names,
 * sorted by code point. Names that begin with a dot are ignored. Only the images that limits select are decoded.
 */
import type { Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { UserError, unknownWord } from '../base/errors.js';
import { requireDir } from './directory.js';
import { balancedChoice, imbalance, limited } from './limits.js';
import type { DatasetSource, ImageSet } from './types.js';

const IMAGE = /\.(jpe?g|png|webp)$/i;
/** Images being decoded at a time: enough to keep libvips' threads busy, few enough to bound memory. */
const AT_ONCE = 16;

/** The files of a split with their class numbers, not decoded yet. */
interface Listing {
  files: string[];
  labels: Int32Array;
}

async function entries(folder: string): Promise<{ name: string; isFolder: boolean }[]> {
  const found: Dirent[] = await readdir(folder, { withFileTypes: true });
  const named = found.filter((e) => !e.name.startsWith('.'));
  const listed = await Promise.all(
    named.map(async (e) => {
      const isFolder = e.isSymbolicLink() ? (await stat(join(folder, e.name))).isDirectory() : e.isDirectory();
      return { name: e.name, isFolder };
    }),
  );
  return listed.sort((a, b) => (a.name < b.name ? -1 : 1));
}

async function subfolders(folder: string): Promise<string[]> {
  return (await entries(folder)).filter((e) => e.isFolder).map((e) => e.name);
}

/** Class folders of `folder`; files beside them (a readme, say) are not looked at. */
async function classFolders(folder: string): Promise<string[]> {
  const classes = await subfolders(folder);
  if (!classes.length) throw new UserError(`${folder}: holds no class folders`);
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

function pick({ files, labels }: Listing, chosen: Int32Array): Listing {
  return { files: Array.from(chosen, (i) => files[i]), labels: chosen.map((i) => labels[i]) };
}

async function decode({ files, labels }: Listing, size: number): Promise<ImageSet> {
  const each = size * size * 3;
  const images = new Uint8Array(files.length * each);
  let next = 0;
  const work = async () => {
    while (next < files.length) {
      const i = next++;
      try {
        const pixels = await sharp(files[i], { failOn: 'error' })
          .rotate()
          .flatten({ background: 'white' })
          .toColourspace('srgb')
          .resize(size, size, { fit: 'fill' })
          .raw({ depth: 'uchar' })
          .toBuffer();
        if (pixels.length !== each) throw new Error(`it decodes to ${pixels.length} bytes`);
        images.set(pixels, i * each);
      } catch (error) {
        next = files.length;
        const why = (error as Error).message.split('\n')[0];
        throw new UserError(`${files[i]}: cannot be read as an image (${why})`);
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return { images, labels, n: files.length, height: size, width: size, channels: 3 };
}

/** A tenth of the images for testing, the rest for training. */
function holdOut(all: Listing, classes: readonly string[], seed: number): { train: Listing; test: Listing } {
  const tenth = Math.max(classes.length, Math.round(all.files.length / 10));
  const held = new Set(balancedChoice(all.labels, classes.length, tenth, seed, 'hold out'));
  const rest = Int32Array.from(all.labels.keys()).filter((i) => !held.has(i));
  const train = pick(all, rest);
  const bare = classes.findIndex((_, k) => !train.labels.includes(k));
  if (bare >= 0) throw new UserError(`class "${classes[bare]}" has too few images to hold a tenth out for testing`);
  return { train, test: pick(all, Int32Array.from(held)) };
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
  if (!hasTrain || !top.includes('test')) return { classes, ...holdOut(train, classes, seed) };

  const testRoot = join(root, 'test');
  const tested = await classFolders(testRoot);
  const stray = tested.find((name) => !classes.includes(name));
  if (stray !== undefined) throw unknownWord(`class in ${testRoot}`, stray, classes);
  return { classes, train, test: await list(testRoot, classes, tested) };
}

export const folder: DatasetSource = {
  name: 'folder',
  summary: 'images in --data-dir/train/<class>/ and test/<class>/, or in <class>/ alone (a tenth is held out)',
  needsDir: true,
  async load(request) {
    const { dataDir, seed, size = 32 } = request;
    if (!Number.isInteger(size) || size < 8 || size > 1024) {
      throw new UserError(`image size ${size}: allowed are whole numbers from 8 to 1024`);
    }
    const root = await requireDir('folder', dataDir);
    const { classes, ...all } = await listings(root, seed);
    const k = classes.length;
    const train = pick(all.train, limited(all.train.labels, k, request.trainLimit, seed, 'train'));
    const test = pick(all.test, limited(all.test.labels, k, request.testLimit, seed, 'test'));
    const notes = [...imbalance(train.labels, classes, 'train'), ...imbalance(test.labels, classes, 'test')];
    return {
      name: 'folder',
      classes,
      train: await decode(train, size),
      test: await decode(test, size),
      notes,
    };
  },
};
