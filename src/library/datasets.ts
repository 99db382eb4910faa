/** Data sets: the sources of `--dataset`, and data sets from the caller's arrays. */

import { UserError } from '../base/errors.js';
import { limited, loadDataset as load } from '../datasets/index.js';
import { gather } from '../datasets/select.js';
import type { Dataset, DatasetRequest, DatasetSource, ImageSet } from '../datasets/types.js';
import { checkDataset, checkImages, checkKeys } from './check.js';

export * from '../datasets/index.js';
export { gather } from '../datasets/select.js';

/** Images as arrays of the caller, not checked yet. */
export interface ImageArrays {
  /** [n, height, width, channels] row-major, 0 … 255. */
  images: Uint8Array | Uint8ClampedArray;
  /** Class number of each image, from 0. */
  labels: ArrayLike<number>;
  height: number;
  width: number;
  /** Channels per pixel. Default 3. */
  channels?: number;
}

/** Checked images as a set that shares their memory. Throws `UserError` for arrays of unequal size and for invalid labels. */
export function imageSet(arrays: ImageArrays): ImageSet {
  checkKeys('key of an image set', arrays, ['images', 'labels', 'height', 'width', 'channels']);
  const { images, labels, height, width, channels = 3 } = arrays;
  const wrong = Array.from(labels ?? []).findIndex((y) => !Number.isInteger(y) || y < 0);
  if (wrong >= 0)
    throw new UserError(`image set: sample ${wrong} has the label ${labels[wrong]}; class numbers from 0 are expected`);
  const bytes =
    images instanceof Uint8ClampedArray ? new Uint8Array(images.buffer, images.byteOffset, images.length) : images;
  const set = { images: bytes, labels: Int32Array.from(labels ?? []), n: labels?.length, height, width, channels };
  checkImages('image set', set);
  return set;
}

/**
 * A data set from arrays in memory, for `registerDataset`. Limits select a class-balanced, seeded part, as for every data set. Throws
 * `UserError` for splits of different image shape and for labels outside the classes.
 */
export function fromArrays(
  name: string,
  { classes, train, test }: { classes: readonly string[]; train: ImageSet; test: ImageSet },
): DatasetSource {
  const whole: Dataset = { name, classes: [...classes], train, test };
  checkDataset(whole);
  const part = (set: ImageSet, limit: number | undefined, seed: number, split: 'train' | 'test') =>
    gather(set, limited(set.labels, classes.length, limit, seed, split));
  return {
    name,
    summary: `${train.n} training and ${test.n} test images from memory`,
    needsDir: false,
    load: async ({ trainLimit, testLimit, seed }) => ({
      ...whole,
      train: part(train, trainLimit, seed, 'train'),
      test: part(test, testLimit, seed, 'test'),
    }),
  };
}

/**
 * Loads the data set of that name. By default the seed is 0 and there are no limits. Rejects with `UserError` for an unknown name, and
 * for files that are missing or damaged.
 */
export async function loadDataset(name: string, request: Partial<DatasetRequest> = {}): Promise<Dataset> {
  checkKeys('key of a request', request, ['dataDir', 'trainLimit', 'testLimit', 'seed', 'size']);
  return load(name, { ...request, seed: request.seed ?? 0 });
}
