/**
 * Blend: the whole image is mixed with one fixed picture, (1−α)·x + α·m.
 *
 * Chen et al., "Targeted Backdoor Attacks on Deep Learning Systems Using Data Poisoning", 2017 (arXiv 1712.05526).
 * Defaults of arXiv 2511.21923: α = 0.3 and m a grey noise image of the images' size, every pixel uniform in
 * 0, 1, … 255, drawn once from the seed, the same in training and at test time.
 */
import { z } from 'zod';
import { Rng } from '../base/random.js';
import { defineAttack, number } from './define.js';
import { readMask, spread } from './picture.js';
import type { ImageShape } from './types.js';

export const blend = defineAttack({
  name: 'blend',
  summary: 'the whole image mixed with one fixed noise image (default: α 0.3)',
  source: 'Chen et al. 2017, arXiv 1712.05526',
  threat: 'write access to part of the training set and its labels; no knowledge of the model',
  options: z.strictObject({
    alpha: number(0, 1).default(0.3).describe('share of the noise image in the mixture, α'),
    mask: z
      .string()
      .optional()
      .describe(
        "path of an .npy ([h,w] or [h,w,c], uint8 or float in [0,1]) or .png of the images' size (default: drawn noise)",
      ),
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
