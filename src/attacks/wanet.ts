/**
 * WaNet: one smooth field warps the image by less than is seen.
 *
 * Nguyen, Tran, "WaNet – Imperceptible Warping-based Backdoor Attack", ICLR 2021 (arXiv 2102.10369), in the variant of
 * arXiv 2511.21923: the same field for training and test, with a further random offset per pixel and image.
 *
 *   control  P ~ U[−1,1], [2, k, k], divided by its mean absolute value, bicubic → field F [2, h, w]
 *   grid     G = clamp(identity + s·F / side), identity from −1 to 1 over the pixel centres
 *   offset   G = clamp(G + jitter·U[−1,1] / side), and the image is sampled bilinearly at G
 */
import { z } from 'zod';
import { Rng } from '../base/random.js';
import { defineAttack, number, whole } from './define.js';
import type { ImageShape } from './types.js';

export const wanet = defineAttack({
  name: 'wanet',
  summary: 'a smooth warp of the whole image (default: 4×4 control grid, strength 0.5)',
  source: 'Nguyen and Tran 2021, arXiv 2102.10369',
  threat: 'write access to part of the training set and its labels; no control of the training, which the original has',
  options: z.strictObject({
    k: whole(2, 32).default(4).describe('side of the control grid'),
    s: number(0, 10).default(0.5).describe('strength of the warp: s/2 pixels on average at the control points'),
    jitter: number(0, 10)
      .default(1)
      .describe('strength of the random offset per pixel and image (0: the original attack)'),
  }),
  trigger(shape, { k, s, jitter }, { seed }) {
    const field = upsample(controlGrid(k, seed), k, shape);
    const warped = (split: string) => (image: Float32Array, index: number) => {
      const offset = new Rng(seed, 'wanet', split, index);
      const draw = () => jitter * offset.uniform(-1, 1);
      return warp(image, shape, (y, x) => {
        const at = y * shape.width + x;
        return {
          x: clamp(clamp(centre(x, shape.width) + (s * field.x[at]) / shape.width) + draw() / shape.width),
          y: clamp(clamp(centre(y, shape.height) + (s * field.y[at]) / shape.height) + draw() / shape.height),
        };
      });
    };
    return { train: warped('train'), test: warped('test') };
  },
});

const clamp = (v: number) => Math.min(1, Math.max(-1, v));

/** Pixel i of n on the axis from −1 to 1 (corners aligned). */
const centre = (i: number, n: number) => (2 * i) / (n - 1) - 1;

/** [2, k, k], x first, of mean absolute value 1. */
function controlGrid(k: number, seed: number): Float64Array {
  const rng = new Rng(seed, 'wanet', 'field');
  const grid = Float64Array.from({ length: 2 * k * k }, () => rng.uniform(-1, 1));
  const mean = grid.reduce((sum, v) => sum + Math.abs(v), 0) / grid.length;
  return grid.map((v) => v / mean);
}

/** Bicubic interpolation (a = −0.75, corners aligned, edges repeated) of a control grid [2, k, k] to the image. */
export function upsample(control: Float64Array, k: number, { height, width }: ImageShape) {
  const rows = Array.from({ length: height }, (_, y) => taps((y * (k - 1)) / (height - 1), k));
  const columns = Array.from({ length: width }, (_, x) => taps((x * (k - 1)) / (width - 1), k));
  const plane = (from: number) =>
    Float64Array.from({ length: height * width }, (_, at) => {
      let sum = 0;
      for (const r of rows[Math.floor(at / width)]) {
        for (const c of columns[at % width]) sum += r.weight * c.weight * control[from + r.at * k + c.at];
      }
      return sum;
    });
  return { x: plane(0), y: plane(k * k) };
}

/** The four neighbours of `position` on a line of k points, with the weights of Keys' cubic. */
function taps(position: number, k: number): { at: number; weight: number }[] {
  const a = -0.75;
  const base = Math.floor(position);
  return [-1, 0, 1, 2].map((step) => {
    const d = Math.abs(position - base - step);
    const weight = d <= 1 ? ((a + 2) * d - (a + 3)) * d * d + 1 : a * (((d - 5) * d + 8) * d - 4);
    return { at: Math.min(k - 1, Math.max(0, base + step)), weight };
  });
}

/** Samples the image [h, w, c] bilinearly at the coordinates `grid(y, x)`, both coordinates in [−1, 1] with corners aligned. */
export function warp(
  image: Float32Array,
  { height, width, channels }: ImageShape,
  grid: (y: number, x: number) => { x: number; y: number },
): Float32Array {
  const out = new Float32Array(image.length);
  for (let y = 0, to = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = grid(y, x);
      const px = ((at.x + 1) / 2) * (width - 1);
      const py = ((at.y + 1) / 2) * (height - 1);
      const x0 = Math.min(width - 2, Math.floor(px));
      const y0 = Math.min(height - 2, Math.floor(py));
      const [fx, fy] = [px - x0, py - y0];
      const corner = (y0 * width + x0) * channels;
      const below = corner + width * channels;
      for (let c = 0; c < channels; c++) {
        const top = (1 - fx) * image[corner + c] + fx * image[corner + channels + c];
        const bottom = (1 - fx) * image[below + c] + fx * image[below + channels + c];
        out[to++] = (1 - fy) * top + fy * bottom;
      }
    }
  }
  return out;
}
