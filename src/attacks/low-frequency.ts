/**
 * Low-frequency: a smooth picture without high frequencies is added.
 *
 * After Zeng et al., "Rethinking the Backdoor Attacks' Triggers: A Frequency Perspective", ICCV 2021 (arXiv 2104.03413).
 * There the smooth picture is optimised against a trained model; you can supply one as a file. By default it is
 * drawn: random coefficients of the lowest DCT frequencies of each channel (no constant term), scaled to the strength.
 */
import { z } from 'zod';
import { Rng } from '../base/random.js';
import { add } from './add.js';
import { defineAttack, number, whole } from './define.js';
import { readArray } from './picture.js';
import type { ImageShape } from './types.js';

export const lowFrequency = defineAttack({
  name: 'low-frequency',
  summary: 'a smooth picture added (default: drawn at random, strength 0.1)',
  source: 'after Zeng et al. 2021, arXiv 2104.03413',
  threat:
    "write access to part of the training set and its labels; for an optimised picture, a model like the victim's",
  options: z.strictObject({
    strength: number(0, 1).default(0.1).describe('largest change of a pixel'),
    cutoff: whole(2, 64).default(4).describe('number of frequencies per axis in the drawn picture'),
    picture: z
      .string()
      .optional()
      .describe(
        'path of an .npy of floats in [-1,1], [h,w] or [h,w,c], which is scaled to the strength (default: a drawn picture)',
      ),
  }),
  trigger(shape, { strength, cutoff, picture }, { seed }) {
    const values = picture === undefined ? smooth(shape, cutoff, seed) : readArray(picture, shape, -1);
    let largest = 0;
    for (const v of values) largest = Math.max(largest, Math.abs(v));
    return add(Float64Array.from(values, (v) => (v * strength) / (largest || 1)));
  },
});

function smooth({ height, width, channels }: ImageShape, cutoff: number, seed: number): Float64Array {
  const rng = new Rng(seed, 'low-frequency');
  const out = new Float64Array(height * width * channels);
  for (let c = 0; c < channels; c++) {
    for (let u = 0; u < cutoff; u++) {
      for (let v = 0; v < cutoff; v++) {
        const weight = u + v === 0 ? 0 : rng.normal();
        for (let y = 0; y < height; y++) {
          const row = weight * Math.cos((Math.PI * (2 * y + 1) * u) / (2 * height));
          for (let x = 0; x < width; x++) {
            out[(y * width + x) * channels + c] += row * Math.cos((Math.PI * (2 * x + 1) * v) / (2 * width));
          }
        }
      }
    }
  }
  return out;
}
