/** Sets of features with known poisoned samples. Their images are empty: detectors of features do not look at them. */
import type { ImageSet } from '../../src/datasets/types.js';
import type { Matrix } from '../../src/information/columns.js';

/** A set without pixels that has these labels. */
export const labelled = (labels: Int32Array): ImageSet => ({
  images: new Uint8Array(0),
  labels,
  n: labels.length,
  height: 0,
  width: 0,
  channels: 0,
});

/** `each` samples of every class in turn, with features [n, d] made sample by sample. */
export function samples(
  classes: number,
  each: number,
  features: (label: number, place: number) => number[],
): { set: ImageSet; features: Matrix } {
  const n = classes * each;
  const labels = Int32Array.from({ length: n }, (_, i) => i % classes);
  const rows = Array.from(labels, (label, i) => features(label, Math.floor(i / classes)));
  return { set: labelled(labels), features: { data: Float32Array.from(rows.flat()), n, d: rows[0].length } };
}
