/**
 * Stealth in input space: measures between clean images and the same images with the trigger. A new measure is one function in a file of
 * this room and one line below.
 */
import { UserError } from '../base/errors.js';
import { l1, l2, linf, mse, psnr, spectralAngle } from './distance.js';
import { phash } from './phash.js';
import { msssim, ssim, ssimFull } from './ssim.js';
import type { Images } from './types.js';

/** A measure between two images [h, w, c] of bytes. */
export interface Measure {
  name: string;
  /** One line with the unit. */
  summary: string;
  /** Value for two equal images. */
  unchanged: number;
  /** Value for a clean image and the same image with the trigger. */
  of(clean: Uint8Array, triggered: Uint8Array, height: number, width: number, channels: number): number;
}

/** All measures, in the order in which they are printed. */
export const measures: readonly Measure[] = [
  { name: 'l1', summary: 'mean absolute change, values in [0,1]', unchanged: 0, of: l1 },
  { name: 'l2', summary: 'Euclidean length of the change, values in [0,1]', unchanged: 0, of: l2 },
  { name: 'linf', summary: 'largest change, values in [0,1]', unchanged: 0, of: linf },
  { name: 'mse', summary: 'mean squared change, values in [0,1]', unchanged: 0, of: mse },
  { name: 'psnr', summary: 'peak signal-to-noise ratio, dB', unchanged: Number.POSITIVE_INFINITY, of: psnr },
  { name: 'ssim', summary: 'structural similarity, windows inside the image', unchanged: 1, of: ssim },
  { name: 'ssimfull', summary: 'structural similarity, all pixels', unchanged: 1, of: ssimFull },
  { name: 'msssim', summary: 'multi-scale structural similarity (from 176 pixels)', unchanged: 1, of: msssim },
  {
    name: 'sam',
    summary: 'spectral angle between colours, radians',
    unchanged: 0,
    of: (a, b, _height, _width, channels) => spectralAngle(a, b, channels),
  },
  { name: 'phash', summary: 'share of differing bits of the perceptual hash', unchanged: 0, of: phash },
];

/** Mean and standard deviation over the images on which a measure is finite. */
export interface Perceived {
  mean: number;
  standardDeviation: number;
  /** Images on which the measure is finite. */
  n: number;
}

/** Mean and standard deviation of the finite values. */
export function summary(all: ArrayLike<number>): Perceived {
  const values = Array.from(all).filter(Number.isFinite);
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  const squares = values.reduce((sum, v) => sum + (v - mean) ** 2, 0);
  const standardDeviation = values.length > 1 ? Math.sqrt(squares / (values.length - 1)) : 0;
  return { mean, standardDeviation, n: values.length };
}

/**
 * All measures between each clean image and its triggered counterpart, by name. Images that the trigger does not change have an infinite
 * PSNR and do not enter its mean; a measure that is finite for no image has n = 0 and mean NaN. Throws `UserError` for sets of different
 * shape, and for arrays of the wrong length.
 */
export function perceive(clean: Images, triggered: Images): Record<string, Perceived> {
  const { n, height, width, channels } = clean;
  const shape = (s: Images) => [s.n, s.height, s.width, s.channels].join('×');
  if (shape(clean) !== shape(triggered)) {
    throw new UserError(`clean images are ${shape(clean)}, triggered ones ${shape(triggered)}: the same is expected`);
  }
  const size = height * width * channels;
  for (const [name, { images }] of Object.entries({ clean, triggered }))
    if (images.length !== n * size)
      throw new UserError(
        `${name} images: ${n} of ${height}×${width}×${channels} are ${n * size} bytes, got ${images.length}`,
      );
  const out: Record<string, Perceived> = {};
  for (const { name, of } of measures) {
    const values: number[] = [];
    for (let i = 0; i < n; i++) {
      const [from, to] = [i * size, (i + 1) * size];
      values.push(of(clean.images.subarray(from, to), triggered.images.subarray(from, to), height, width, channels));
    }
    out[name] = summary(values);
  }
  return out;
}

export { lpips } from './lpips.js';
export type { Images } from './types.js';
