/**
 * Blend: the whole image is mixed with one fixed picture, (1−α)·x + α·m.
 *
 * Chen et al., "Targeted Backdoor Attacks on Deep Learning Systems Using Data Poisoning", 2017 (arXiv 1712.05526).
 * Defaults of arXiv 2511.21923: α = 0.3 and m a grey noise image of the images' size, every pixel uniform in
 * 0, 1, … 255, drawn once from the seed and used for training and test alike.
 */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { UserError } from '../base/errors.js';
import { Rng } from '../base/random.js';
import { decodeNpy } from '../formats/npy.js';
import { defineAttack, number } from './define.js';
import type { ImageShape } from './types.js';

export const blend = defineAttack({
  name: 'blend',
  summary: 'the whole image mixed with one fixed noise image (default: α 0.3)',
  source: 'Chen et al. 2017, arXiv 1712.05526',
  options: z.strictObject({
    alpha: number(0, 1).default(0.3).describe('share of the noise image in the mixture'),
    mask: z
      .string()
      .optional()
      .describe('an .npy file, uint8 or float in [0,1], [h,w] or [h,w,c], in place of the noise drawn from the seed'),
  }),
  trigger(shape, { alpha, mask }, { seed }) {
    const m = mask === undefined ? greyNoise(shape, seed) : readMask(mask, shape);
    const mix = (image: Float32Array) => image.map((x, i) => (1 - alpha) * x + alpha * m[i]);
    return { train: mix, test: mix };
  },
});

/** One grey noise image [h, w, c] in [0, 1], the same value in all channels of a pixel. */
export function greyNoise(shape: ImageShape, seed: number): Float32Array {
  const rng = new Rng(seed, 'blend', 'noise');
  return spread(
    Float32Array.from({ length: shape.height * shape.width }, () => rng.int(256) / 255),
    shape,
  );
}

/** [h, w] → [h, w, c]. */
function spread(grey: Float32Array, { channels }: ImageShape): Float32Array {
  return Float32Array.from({ length: grey.length * channels }, (_, i) => grey[Math.floor(i / channels)]);
}

/** A picture from an `.npy` file as [h, w, c] in [0, 1]. Throws `UserError` where it does not fit the images. */
export function readMask(path: string, image: ImageShape): Float32Array {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    throw new UserError(`${path}: ${(error as NodeJS.ErrnoException).code === 'ENOENT' ? 'no such file' : error}`);
  }
  const { data, shape, dtype } = decodeNpy(bytes, path);
  const { height, width, channels } = image;
  const grey = shape.length === 2;
  if (shape[0] !== height || shape[1] !== width || !(grey || (shape.length === 3 && shape[2] === channels))) {
    throw new UserError(
      `${path}: shape [${shape}], images need [${height},${width}] or [${height},${width},${channels}]`,
    );
  }
  if (!['u1', 'f4', 'f8'].includes(dtype)) throw new UserError(`${path}: dtype ${dtype}, uint8 or float is expected`);
  const scale = dtype === 'u1' ? 255 : 1;
  const values = Float32Array.from(data as Uint8Array, (v) => v / scale);
  if (!values.every((v) => v >= 0 && v <= 1)) throw new UserError(`${path}: values outside [0, 1]`);
  return grey ? spread(values, image) : values;
}
