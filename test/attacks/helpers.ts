import type { AttackSettings, ImageShape } from '../../src/attacks/types.js';
import { Rng } from '../../src/base/random.js';
import type { ImageSet } from '../../src/datasets/types.js';

export const shape = (height = 32, width = 32, channels = 3): ImageShape => ({ height, width, channels });

export const settings = (changes: Partial<AttackSettings> = {}): AttackSettings => ({
  poisonRate: 0.1,
  target: 0,
  seed: 0,
  options: {},
  ...changes,
});

/** A random image [h, w, c] with values in [0, 1]. */
export function randomImage({ height, width, channels }: ImageShape, seed: number): Float32Array {
  const rng = new Rng(seed, 'test image');
  return Float32Array.from({ length: height * width * channels }, () => rng.uniform());
}

/** Random images with as many of each class as `counts` says, classes interleaved. */
export function randomSet(counts: number[], { height, width, channels } = shape()): ImageSet {
  const rng = new Rng(9, 'test set');
  const labels = Int32Array.from(counts.flatMap((count, k) => new Array<number>(count).fill(k)));
  rng.shuffle(labels);
  const images = Uint8Array.from({ length: labels.length * height * width * channels }, () => rng.int(256));
  return { images, labels, n: labels.length, height, width, channels };
}
