/**
 * FTrojan: two frequencies of the chroma channels are amplified.
 *
 * Wang et al., "An Invisible Black-Box Backdoor Attack Through Frequency Domain", ECCV 2022 (arXiv 2111.10991): in each
 * 32×32 window of the two chroma channels of YCrCb, the orthonormal DCT coefficients (15, 15) and (31, 31) grow by a
 * magnitude, 30 of 255 for small images. DCT and colour transform are linear, so this adds one fixed picture: with D
 * the sum of two cosines, Cr + D and Cb + D, which is
 *
 *   R + D/0.713,   B + D/0.564,   G − (0.299·D/0.713 + 0.114·D/0.564)/0.587   (Y stays the same).
 *
 * Grey images have no chroma: there D itself is added.
 */
import { z } from 'zod';
import { add } from './add.js';
import { defineAttack, number, whole } from './define.js';

const RED = 1 / 0.713;
const BLUE = 1 / 0.564;
const GREEN = -(0.299 * RED + 0.114 * BLUE) / 0.587;

export const ftrojan = defineAttack({
  name: 'ftrojan',
  summary: 'two frequencies of the chroma channels amplified (default: by 30/255)',
  source: 'Wang et al. 2022, arXiv 2111.10991',
  threat: 'write access to part of the training set and its labels; no knowledge of the model',
  options: z.strictObject({
    magnitude: number(0, 2550).default(30).describe('amount added to the DCT coefficients, of 255'),
    window: whole(4, 1024)
      .optional()
      .describe('side of the windows in pixels (default: 32, or the shorter side of smaller images)'),
  }),
  trigger({ height, width, channels }, { magnitude, window }) {
    const n = window ?? Math.min(32, height, width);
    const mix = channels === 3 ? [RED, GREEN, BLUE] : new Array<number>(channels).fill(1);
    const picture = Float64Array.from({ length: height * width * channels }, (_, i) => {
      const pixel = Math.floor(i / channels);
      const y = Math.floor(pixel / width) % n;
      const x = (pixel % width) % n;
      // The middle and the highest frequency of the window: (15, 15) and (31, 31) at 32.
      const waves = cosines(n - 1, y, x, n) + cosines(Math.ceil(n / 2) - 1, y, x, n);
      return (magnitude / 255) * waves * mix[i % channels];
    });
    return add(picture);
  },
});

/** The orthonormal DCT-II basis picture (k, k) of an n×n window at (y, x), k > 0. */
function cosines(k: number, y: number, x: number, n: number): number {
  const wave = (i: number) => Math.sqrt(2 / n) * Math.cos((Math.PI * (2 * i + 1) * k) / (2 * n));
  return wave(y) * wave(x);
}
