/** Selection of samples from the arrays of a split. */
import { UserError } from '../base/errors.js';
import { positions } from './limits.js';
import type { ImageSet } from './types.js';

/** The samples of a set at the given positions. */
export const pick = (set: ImageSet, rows: ArrayLike<number>): ImageSet => gather(set, Int32Array.from(rows));

/** Throws `UserError` for an empty list of labels, and for the first label outside the classes; `name` is the file in the message. */
export function checkLabels(name: string, labels: ArrayLike<number>, classes: number): void {
  if (!labels.length) throw new UserError(`${name}: holds no samples`);
  for (let i = 0; i < labels.length; i++) {
    if (!Number.isInteger(labels[i]) || labels[i] < 0 || labels[i] >= classes) {
      throw new UserError(`${name}: sample ${i} has the label ${labels[i]}; labels are 0 to ${classes - 1}`);
    }
  }
}

/** All samples except those at the given positions. */
export function without(all: ImageSet, left: Iterable<number>): ImageSet {
  const out = new Set(left);
  return gather(
    all,
    positions(all.n).filter((i) => !out.has(i)),
  );
}

/** The samples at the given positions of images [n, height, width, channels] and their labels. */
export function gather(
  all: Omit<ImageSet, 'n' | 'labels'> & { labels: ArrayLike<number> },
  chosen: Int32Array,
): ImageSet {
  const { height, width, channels } = all;
  const each = height * width * channels;
  const images = new Uint8Array(chosen.length * each);
  chosen.forEach((from, i) => {
    images.set(all.images.subarray(from * each, (from + 1) * each), i * each);
  });
  return { images, labels: chosen.map((i) => all.labels[i]), n: chosen.length, height, width, channels };
}
