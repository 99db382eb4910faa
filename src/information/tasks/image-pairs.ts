/**
 * Pairs of real images with known mutual information, after Lee and Rhee (2024, "A Benchmark Suite for Evaluating Neural Mutual
 * Information Estimators on Unstructured Datasets", arXiv 2410.10924).
 *
 * U is a word of fair bits. Each bit passes a binary symmetric channel, which flips it with probability p, and becomes a bit of V. X holds
 * one random image per bit of U, of the class that stands for the bit's value; Y holds the same for V. Given U and V, X and Y are
 * independent, so U → X and V → Y add no dependence: I(X;Y) ≤ I(U;V) = bits·(ln 2 − h(p)), h(p) = −p ln p − (1 − p) ln(1 − p), with
 * equality if the class is a function of the image.
 */
import { UserError } from '../../base/errors.js';
import { Rng } from '../../base/random.js';
import type { ImageSet } from '../../datasets/types.js';
import type { Samples } from '../types.js';
import type { Task } from './types.js';

/** The labelled images that pairs are drawn from: `images` is [n, height, width, channels] uint8. */
export type LabelledImages = Pick<ImageSet, 'images' | 'labels' | 'n' | 'height' | 'width' | 'channels'>;

export interface ImagePairsOptions {
  /** Bits of a word: images in X, and in Y. At least 1. */
  bits: number;
  /** p, the probability that a bit of V differs from U's, 0 to 1. */
  crossover: number;
  /** Classes that stand for 0 and 1. Default the first two. */
  classes?: readonly [number, number];
}

/** Samples of X (`a`) and Y (`b`), [n, bits · height · width · channels] in 0 … 1, and what they were made from. */
export interface ImagePairs {
  a: Samples;
  b: Samples;
  /** Bits of U and of V, [n, bits]. */
  u: Uint8Array;
  v: Uint8Array;
  /** Places in the set of the images of X and of Y, [n, bits]. */
  left: Int32Array;
  right: Int32Array;
}

export interface ImagePairsTask extends Task {
  /** Throws `UserError` if the set holds too few images of a class: no image is drawn twice in one call. */
  sample(n: number, seed: number): ImagePairs;
}

/** I(U;V) in nats of `bits` fair bits through a binary symmetric channel: bits·(ln 2 − h(p)). */
export function channelInformation(bits: number, crossover: number): number {
  const term = (p: number) => (p === 0 ? 0 : p * Math.log(p));
  // ln 2 − h(p) rounds to a tiny negative number near p = ½.
  return bits * Math.max(0, Math.LN2 + term(crossover) + term(1 - crossover));
}

/** The images of each row one after the other, [n, bits · size], in 0 … 1. */
function pixels({ images, height, width, channels }: LabelledImages, places: Int32Array, bits: number): Samples {
  const size = height * width * channels;
  const data = new Float32Array(places.length * size);
  places.forEach((place, i) => {
    for (let k = 0; k < size; k++) data[i * size + k] = images[place * size + k] / 255;
  });
  return { data, n: places.length / bits, d: bits * size, discrete: false };
}

/**
 * The task of such pairs from `set`; its truth is `channelInformation`. Throws `UserError` for a number of bits, a crossover or classes
 * that cannot be.
 */
export function imagePairsTask(
  set: LabelledImages,
  { bits, crossover, classes = [0, 1] }: ImagePairsOptions,
): ImagePairsTask {
  if (!Number.isInteger(bits) || bits < 1) throw new UserError(`bits ${bits}: a whole number from 1 is allowed`);
  if (!(crossover >= 0 && crossover <= 1)) throw new UserError(`crossover ${crossover}: 0 to 1 is allowed`);
  if (classes[0] === classes[1]) throw new UserError(`classes ${classes.join(', ')}: two different classes are needed`);
  const members = classes.map((c) => Int32Array.from(set.labels.keys()).filter((i) => set.labels[i] === c));
  const id = `image-pairs-${bits}-${crossover}`;
  return {
    id,
    summary: `images whose classes are ${bits} bits, before and after a channel that flips each with probability ${crossover}`,
    truth: channelInformation(bits, crossover),
    truthError: 0,
    sample(n, seed) {
      const rng = new Rng(seed, 'task', id);
      const u = Uint8Array.from({ length: n * bits }, () => rng.int(2));
      const v = u.map((bit) => (rng.uniform() < crossover ? 1 - bit : bit));
      // One random order per class; each use takes the next image, so X and Y share none.
      const queues = members.map((places) => rng.shuffle(places.slice()));
      const used = [0, 0];
      const draw = (word: Uint8Array) => Int32Array.from(word, (bit) => queues[bit][used[bit]++]);
      const needed = [0, 0];
      for (const word of [u, v]) for (const bit of word) needed[bit]++;
      const short = needed.findIndex((count, bit) => count > queues[bit].length);
      if (short >= 0)
        throw new UserError(
          `${n} pairs with bits = ${bits} need ${needed[short]} images of class ${classes[short]}, and the set holds ${queues[short].length}`,
        );
      const [left, right] = [draw(u), draw(v)];
      return { a: pixels(set, left, bits), b: pixels(set, right, bits), u, v, left, right };
    },
  };
}
