/**
 * Refool: the image as seen through glass that reflects another scene, out of focus or doubled. Labels stay true: only images of the
 * target class are touched, and the rate is a share of that class.
 *
 * After Liu et al., "Reflection Backdoor: A Natural Backdoor Attack on Deep Neural Networks" (Refool), ECCV 2020
 * (arXiv 2007.02343): x + r ⊗ k with a Gaussian k (focus) or two pulses (ghost), mixed in linear light (γ = 2.2) with the
 * share α. There r are photographs selected by training; here r is one picture, supplied or drawn from the seed.
 */
import { z } from 'zod';
import { Rng } from '../base/random.js';
import { defineAttack, number, oneOf, whole } from './define.js';
import { readMask } from './picture.js';
import type { ImageShape } from './types.js';

const GAMMA = 2.2;

export const refool = defineAttack({
  name: 'refool',
  summary: 'a reflected scene over images of the target class; labels stay true (default: out of focus, share 0.3)',
  source: 'after Liu et al. 2020, arXiv 2007.02343',
  threat: 'write access to images of the target class, not to labels; pictures that pass for reflections',
  options: z.strictObject({
    alpha: number(0, 1).default(0.3).describe('share of the reflection in the mixture'),
    kind: oneOf(['focus', 'ghost'])
      .default('focus')
      .describe('kind of reflection: focus (blurred) or ghost (doubled by thick glass)'),
    sigma: number(0.1, 32).default(1.5).describe('standard deviation of the blur in pixels'),
    shift: whole(1, 64).default(3).describe('distance of the ghost in pixels, right and down'),
    picture: z
      .string()
      .optional()
      .describe(
        "path of an .npy ([h,w] or [h,w,c], uint8 or float in [0,1]) or .png of the images' size (default: a drawn scene)",
      ),
  }),
  labelling: () => ({ rule: 'clean-label', cover: 0 }),
  trigger(shape, { alpha, kind, sigma, shift, picture }, { seed }) {
    const seen = picture === undefined ? scene(shape, seed) : readMask(picture, shape);
    const light = seen.map((v) => v ** GAMMA);
    const mirrored = kind === 'focus' ? blur(light, shape, sigma) : ghost(light, shape, shift);
    const mix = (image: Float32Array) =>
      image.map((x, i) => ((1 - alpha) * x ** GAMMA + alpha * mirrored[i]) ** (1 / GAMMA));
    return { train: mix, test: mix };
  },
});

/** Random scene: bright and dark rectangles, like windows and lamps. */
function scene({ height, width, channels }: ImageShape, seed: number): Float32Array {
  const rng = new Rng(seed, 'refool');
  const out = new Float32Array(height * width * channels).fill(0.2);
  for (let k = 0; k < 8; k++) {
    const [top, left] = [rng.int(height), rng.int(width)];
    const bottom = top + 1 + rng.int(Math.ceil(height / 2));
    const right = left + 1 + rng.int(Math.ceil(width / 2));
    const colour = Array.from({ length: channels }, () => rng.uniform());
    for (let y = top; y < Math.min(bottom, height); y++) {
      for (let x = left; x < Math.min(right, width); x++) out.set(colour, (y * width + x) * channels);
    }
  }
  return out;
}

/** Convolution with a Gaussian, edges repeated; rows, then columns. */
function blur(image: Float32Array, { height, width, channels }: ImageShape, sigma: number): Float32Array {
  const reach = Math.ceil(3 * sigma);
  const weights = Array.from({ length: 2 * reach + 1 }, (_, i) => Math.exp(-((i - reach) ** 2) / (2 * sigma ** 2)));
  const total = weights.reduce((a, b) => a + b);
  const pass = (from: Float32Array, dy: number, dx: number) =>
    from.map((_, i) => {
      const p = Math.floor(i / channels);
      const [y, x, c] = [Math.floor(p / width), p % width, i % channels];
      let sum = 0;
      weights.forEach((w, k) => {
        const yy = Math.min(height - 1, Math.max(0, y + dy * (k - reach)));
        const xx = Math.min(width - 1, Math.max(0, x + dx * (k - reach)));
        sum += w * from[(yy * width + xx) * channels + c];
      });
      return sum / total;
    });
  return pass(pass(image, 0, 1), 1, 0);
}

/** The picture plus a fainter copy, shifted right and down. */
function ghost(image: Float32Array, { width, channels }: ImageShape, shift: number): Float32Array {
  return image.map((v, i) => {
    const p = Math.floor(i / channels);
    const [y, x] = [Math.floor(p / width) - shift, (p % width) - shift];
    const second = y >= 0 && x >= 0 ? image[(y * width + x) * channels + (i % channels)] : 0;
    return 0.6 * v + 0.4 * second;
  });
}
