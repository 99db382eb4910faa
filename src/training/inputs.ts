/** What a network reads: images or tokens, and their sizes. */
import type { Rng } from '../base/random.js';
import { rowsOf } from '../datasets/select.js';
import { PADDING } from '../datasets/texts/words.js';
import type { ImageSet, InputSet, TokenSet } from '../datasets/types.js';
import { cast, input, mul, type Tensor, transpose } from '../engine/index.js';
import { type Augmentation, augment } from './augment.js';

/** Sizes of images: [h, w, channels]. */
export interface ImageInput {
  height: number;
  imageWidth: number;
  channels: number;
}

/** Sizes of texts: tokens of a text, and how many numbers there are. */
export interface TextInput {
  length: number;
  vocabulary: number;
  /** Tokens of the longest text of a batch, padding behind it left out. Default `length`. */
  read?: number;
}

export const isTokens = (set: InputSet): set is TokenSet => 'tokens' in set;
export const readsText = (sizes: ImageInput | TextInput): sizes is TextInput => 'vocabulary' in sizes;

/** The sizes of a set. */
export function sizesOf(set: InputSet): ImageInput | TextInput {
  if (isTokens(set)) return { length: set.length, vocabulary: set.vocabulary };
  return { height: set.height, imageWidth: set.width, channels: set.channels };
}

/** Numbers of the largest activation of a network for `n` samples: what noise is added to. */
export const largestActivation = (sizes: ImageInput | TextInput, n: number, width: number): number =>
  // The embedding of a transformer has 8 columns per unit of width, the inside of its blocks twice as many.
  n * width * (readsText(sizes) ? 16 * sizes.length : sizes.height * sizes.imageWidth);

/** Texts of a batch are read up to the longest, rounded up to this many tokens, so that few programs are compiled. */
const STEP = 8;

/** Tokens that are read of the given texts, at most `set.length`; undefined for images. */
export function readOf(set: InputSet, index: Int32Array): number | undefined {
  if (!isTokens(set)) return undefined;
  const { tokens, length } = set;
  let longest = 1;
  for (const i of index) while (longest < length && tokens[i * length + longest] !== PADDING) longest++;
  return Math.min(length, Math.ceil(longest / STEP) * STEP);
}

/** Numbers of the samples, [n]; of texts by how many tokens are read of each, otherwise as they stand. */
export function byLength(set: InputSet): Int32Array {
  const order = Int32Array.from({ length: set.n }, (_, i) => i);
  if (!isTokens(set)) return order;
  const reads = Int32Array.from(order, (i) => readOf(set, Int32Array.of(i))!);
  return order.sort((a, b) => reads[a] - reads[b] || a - b);
}

/** The given samples as feeds: `images` [index.length, h, w, c] uint8 or `tokens` [index.length, `readOf` them] int32. */
export function gatherInputs(set: InputSet, index: Int32Array): Record<string, Uint8Array | Int32Array> {
  if (!isTokens(set)) return { images: gatherImages(set, index) };
  const [{ tokens, length }, read] = [set, readOf(set, index)!];
  const out = new Int32Array(index.length * read);
  for (const [k, i] of index.entries()) out.set(tokens.subarray(i * length, i * length + read), k * read);
  return { tokens: out };
}

/** `gatherInputs` with images changed at random; texts stay as they are. */
export function augmented(
  set: InputSet,
  index: Int32Array,
  kind: Augmentation,
  rng: Rng,
): ReturnType<typeof gatherInputs> {
  const inputs = gatherInputs(set, index);
  if (!isTokens(set)) augment(inputs.images as Uint8Array, set, kind, rng);
  return inputs;
}

/** The given images, [index.length, h, w, c]. */
export const gatherImages = ({ images, height, width, channels }: ImageSet, index: Int32Array): Uint8Array =>
  rowsOf(images, height * width * channels, index);

/** `n` samples as an input and as what models read of it: pixels [h, w, n, c] in [0, 1], or the tokens [n, length]. */
export function inputOf(
  sizes: ImageInput | TextInput,
  n: number,
  as: 'uint8' | 'float32' = 'uint8',
): { entered: Tensor; x: Tensor } {
  if (readsText(sizes)) {
    const tokens = input('tokens', [n, sizes.read ?? sizes.length], 'int32');
    return { entered: tokens, x: tokens };
  }
  const images = input('images', [n, sizes.height, sizes.imageWidth, sizes.channels], as);
  const pixels = transpose(images, [1, 2, 0, 3]);
  return { entered: images, x: as === 'uint8' ? mul(cast(pixels, 'float32'), 1 / 255) : pixels };
}
