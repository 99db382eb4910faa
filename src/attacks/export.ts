/** A poisoned training set as a file other tools read. */
import { ndarray } from '../formats/npy.js';
import { writeNpz } from '../formats/npz.js';
import type { PoisonedSet } from './types.js';

/**
 * Writes an `.npz` file, whole or not at all: `images` [n, h, w, c] uint8, `labels` and `original_labels` int64,
 * `poisoned` and `cover` bool, `index` int64 (the sample's place in the training split), each [n].
 */
export async function exportNpz(set: PoisonedSet, path: string): Promise<void> {
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
