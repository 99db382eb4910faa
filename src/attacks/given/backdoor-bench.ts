/**
 * Record folders of BackdoorBench (Wu et al., NeurIPS 2022, arXiv 2206.12654): `bd_train_dataset/<original label>/<index>.png` are the
 * poisoned images. They replace the images of the data set they were made from, and get the target as their label.
 * `bd_test_dataset/` holds triggered test images in the same way. `attack_result.pt` is a pickle, and is never opened.
 */
import { join } from 'node:path';
import { UserError } from '../../base/errors.js';
import { readFolder } from '../../datasets/directory.js';
import { decodeImages } from '../../datasets/images.js';
import { gather } from '../../datasets/select.js';
import type { Dataset, ImageSet } from '../../datasets/types.js';
import type { PoisonedSet } from '../types.js';
import type { GivenOptions, TriggeredTest } from './types.js';

interface Picture {
  file: string;
  original: number;
  index: number;
}

/** The pictures of a record folder, by split. */
export interface BackdoorBenchRecord {
  train: Picture[];
  test: Picture[];
}

/** Lists the pictures of a record folder. Throws `UserError` for any other folder. */
export async function readRecord(path: string): Promise<BackdoorBenchRecord> {
  const inside = (await readFolder(path)).map((e) => e.name);
  if (!inside.includes('bd_train_dataset'))
    throw new UserError(`--manifest ${path}: a folder of BackdoorBench is expected, which has bd_train_dataset in it`);
  const test = inside.includes('bd_test_dataset') ? await pictures(join(path, 'bd_test_dataset')) : [];
  return { train: await pictures(join(path, 'bd_train_dataset')), test };
}

async function pictures(path: string): Promise<Picture[]> {
  const found: Picture[] = [];
  for (const { name: folder } of await readFolder(path)) {
    if (!/^\d+$/.test(folder))
      throw new UserError(`${join(path, folder)}: a folder named by a class number is expected`);
    for (const { name } of await readFolder(join(path, folder))) {
      const index = /^(\d+)\.png$/i.exec(name)?.[1];
      const file = join(path, folder, name);
      if (index === undefined) throw new UserError(`${file}: an image named by its index, such as 17.png, is expected`);
      found.push({ file, original: Number(folder), index: Number(index) });
    }
  }
  return found.sort((a, b) => a.index - b.index);
}

/**
 * Replaces images in `set` by the pictures of the record, marks and relabels them; returns the triggered test images. Throws
 * `UserError` if there is no target, or if the pictures were not made from this data set.
 */
export async function takeRecord(
  record: BackdoorBenchRecord,
  dataset: Dataset,
  set: PoisonedSet,
  { manifest, target }: GivenOptions,
): Promise<TriggeredTest> {
  if (target === undefined) throw new UserError(`--manifest ${manifest}: it does not say the target; give --target`);
  if (target >= dataset.classes.length)
    throw new UserError(`--target ${target}: ${dataset.name} has the classes 0 to ${dataset.classes.length - 1}`);
  if (set.channels !== 3 || set.height !== set.width)
    throw new UserError(
      `--manifest ${manifest}: its images are square and in colour, those of ${dataset.name} are not`,
    );
  /** Row of each picture's original in the split. Throws `UserError` if that image is not of the picture's class. */
  const originals = (of: ImageSet, list: readonly Picture[]): Int32Array => {
    const at = of.places && new Map([...of.places].map((place, i) => [place, i]));
    return Int32Array.from(list, ({ file, original, index }) => {
      const i = at ? at.get(index) : index;
      const label = i === undefined ? undefined : of.labels[i];
      if (label === original) return i!;
      const there = label === undefined ? `there are ${of.n} images` : `image ${index} there is of class ${label}`;
      throw new UserError(`${file}: of class ${original}; ${there}. Is ${dataset.name} the set it was made from?`);
    });
  };
  const decode = (list: Picture[]) =>
    decodeImages({ files: list.map((p) => p.file), labels: Int32Array.from(list, () => target) }, set.height);
  const places = originals(dataset.train, record.train);
  const judged = originals(dataset.test, record.test);
  const { images } = await decode(record.train);
  const each = images.length / Math.max(1, record.train.length);
  places.forEach((i, r) => {
    set.images.set(images.subarray(r * each, (r + 1) * each), i * each);
    set.labels[i] = target;
    set.poisoned[i] = 1;
  });
  if (record.test.length === 0) return null;
  return {
    set: await decode(record.test),
    before: gather(dataset.test, judged),
  };
}
