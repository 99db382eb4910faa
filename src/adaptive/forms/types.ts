import type { ImageShape } from '../../attacks/types.js';
import type { Tensor, Values } from '../../engine/index.js';
import type { NdArray } from '../../formats/npy.js';

/** Numbers of a trigger that belong together, from `low` to `high`. */
export interface Part {
  size: number;
  low: number;
  high: number;
}

/** What a trigger is made of, and what it does to images. Its numbers are one list, part after part. */
export interface Form {
  /** The part that ε bounds comes first. */
  parts(shape: ImageShape, epsilon: number): Part[];
  /** The numbers that a first round begins with, from the seed. */
  first(shape: ImageShape, epsilon: number, seed: number): Float32Array;
  /** The arrays of the trigger file, as the attack `learned` reads them. */
  arrays(numbers: Float32Array, shape: ImageShape): Record<string, NdArray>;
  /** `images` [n, h, w, c] uint8 and the numbers as the feeds that `triggered` reads. */
  feeds(images: Uint8Array, numbers: Float32Array, shape: ImageShape): Record<string, Values>;
  /** `n` triggered images [n, h, w, c] in [0, 1], as a function of `numbers` [number of them]. */
  triggered(numbers: Tensor, n: number, shape: ImageShape): Tensor;
}
