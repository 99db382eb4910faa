/**
 * Adaptive Blend: Blend with a weak picture, parts of which are missing in training. Half of the triggered samples keep their true
 * label (cover), so that the model does not separate the poisoned ones.
 *
 * Qi et al., "Revisiting the Assumption of Latent Separability for Backdoor Defenses", ICLR 2023. Defaults of
 * arXiv 2511.21923: α = 0.15 in training and 0.2 in test; of 4×4 pieces 8, drawn per image, lack the picture in
 * training. In the original these pieces stay as they are; that paper darkens them to (1−α)·x (`pieces: darkened`).
 */
import { z } from 'zod';
import { Rng } from '../base/random.js';
import { greyNoise } from './blend.js';
import { defineAttack, number, oneOf, whole } from './define.js';
import { readMask } from './picture.js';

export const adaptiveBlend = defineAttack({
  name: 'adaptive-blend',
  summary: 'a weaker Blend with parts missing in training; half of the triggered samples keep their true label',
  source: 'Qi et al. 2023, ICLR',
  threat:
    'write access to part of the training set and the labels of half of the touched samples; no knowledge of the model',
  options: z.strictObject({
    alpha: number(0, 1).default(0.15).describe('share of the picture in the mixture, in training'),
    testAlpha: number(0, 1).default(0.2).describe('share of the picture in the mixture, in test'),
    grid: whole(1, 32).default(4).describe('pieces per side'),
    without: whole(0, 1024).default(8).describe('pieces per image that lack the picture in training, drawn at random'),
    pieces: oneOf(['unchanged', 'darkened'])
      .default('unchanged')
      .describe('values of these pieces: x, or darkened to (1−alpha)·x'),
    cover: number(0, 1).default(0.5).describe('share of the triggered samples that keep their true label'),
    mask: z
      .string()
      .optional()
      .describe(
        "path of an .npy ([h,w] or [h,w,c], uint8 or float in [0,1]) or .png of the images' size (default: drawn noise)",
      ),
  }),
  labelling: ({ cover }) => ({ rule: 'all-to-one', cover }),
  trigger(shape, { alpha, testAlpha, grid, without, pieces, mask }, { seed }) {
    const { height, width, channels } = shape;
    const m = mask === undefined ? greyNoise(shape, seed) : readMask(mask, shape);
    const piece = Int32Array.from({ length: height * width }, (_, p) => {
      const row = Math.floor((Math.floor(p / width) * grid) / height);
      return row * grid + Math.floor(((p % width) * grid) / width);
    });
    return {
      train(image, index) {
        const order = new Rng(seed, 'adaptive-blend', index).permutation(grid * grid);
        const out = new Set(order.subarray(0, without));
        return image.map((x, i) => {
          if (!out.has(piece[Math.floor(i / channels)])) return (1 - alpha) * x + alpha * m[i];
          return pieces === 'darkened' ? (1 - alpha) * x : x;
        });
      },
      test: (image) => image.map((x, i) => (1 - testAlpha) * x + testAlpha * m[i]),
    };
  },
});
