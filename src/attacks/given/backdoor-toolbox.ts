/**
 * Poisoned sets of backdoor-toolbox (https://github.com/vtu81/backdoor-toolbox): a folder with files of `torch.save`, `imgs` [n, c, h, w] float in [0, 1],
 * `labels` [n], `poison_indices` and perhaps `cover_indices`, which count in them. They take the place of the training set that they were made from.
 */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../../base/errors.js';
import { imagesOf, labelsOf } from '../../datasets/arrays.js';
import type { Dataset } from '../../datasets/types.js';
import type { PickleValue } from '../../formats/pickle.js';
import { isArray } from '../../formats/pickle-names.js';
import { readTorch } from '../../formats/torch.js';
import type { PoisonedSet } from '../types.js';
import type { TakenSet } from './types.js';

/** Whether a folder holds such a set. */
export const isToolbox = (path: string) =>
  stat(join(path, 'poison_indices')).then(
    (s) => s.isFile(),
    () => false,
  );

/**
 * Replaces images and labels in `set` and marks them. Throws `UserError` for files that are missing, and if samples that are not poisoned have other
 * labels than in the data set.
 */
export async function takeToolbox(path: string, dataset: Dataset, set: PoisonedSet): Promise<TakenSet> {
  const { n, height, width, channels, places } = dataset.train;
  if (places?.some((place, i) => place !== i))
    throw new UserError(`--manifest ${path}: it counts in a whole training set; ${dataset.name} holds some out`);
  const [pixels, given] = [await tensorAt(join(path, 'imgs')), await tensorAt(join(path, 'labels'))];
  const images = imagesOf(join(path, 'imgs'), pixels);
  const sizes = [images, dataset.train].map((s) => [s.n, s.height, s.width, s.channels].join('×'));
  if (sizes[0] !== sizes[1])
    throw new UserError(
      `${join(path, 'imgs')}: is ${sizes[0]}, the training set ${[n, height, width, channels].join('×')}`,
    );
  const { labels } = labelsOf(join(path, 'labels'), given, n, true);
  for (const i of await indicesAt(join(path, 'poison_indices'), n)) set.poisoned[i] = 1;
  const cover = join(path, 'cover_indices');
  if (await stat(cover).catch(() => null)) for (const i of await indicesAt(cover, n)) set.cover[i] = 1;
  labels.forEach((label, i) => {
    const there = `${path}: sample ${i}`;
    if (label >= dataset.classes.length)
      throw new UserError(`${there} has the label ${label}; classes are 0 to ${dataset.classes.length - 1}`);
    if (set.poisoned[i] && set.cover[i]) throw new UserError(`${there} is in poison_indices and in cover_indices`);
    if (!set.poisoned[i] && label !== dataset.train.labels[i])
      throw new UserError(
        `${there} is not poisoned and has the label ${label}, in ${dataset.name} it has ${dataset.train.labels[i]}. Is it the set it was made from?`,
      );
  });
  set.images.set(images.images);
  set.labels.set(labels);
  return { triggered: null };
}

async function tensorAt(path: string) {
  const value = await readTorch(path);
  if (!isArray(value)) throw new UserError(`${path}: holds no tensor`);
  return value;
}

/** Numbers of samples: a list, or a tensor [m]. */
async function indicesAt(path: string, n: number): Promise<number[]> {
  const value: PickleValue = await readTorch(path);
  const list = isArray(value) ? Array.from<number | bigint, number>(value.data, Number) : value;
  const wrong = Array.isArray(list)
    ? list.find((i) => !Number.isInteger(i) || (i as number) < 0 || (i as number) >= n)
    : list;
  if (!Array.isArray(list) || wrong !== undefined)
    throw new UserError(`${path}: a list of numbers from 0 to ${n - 1} is expected`);
  return list as number[];
}
