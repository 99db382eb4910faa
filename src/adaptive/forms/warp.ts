/**
 * A smooth warp, as in WaNet (Nguyen and Tran, ICLR 2021, arXiv 2102.10369): a control grid of 4×4 offsets, at most ε pixels each, bicubic to a field
 * [h, w, 2], at which the image is sampled bilinearly. Pixels around each place are gathered before the graph, so that only their weights depend on the field.
 */

import type { ImageShape } from '../../attacks/types.js';
import { upsample } from '../../attacks/wanet.js';
import { Rng } from '../../base/random.js';
import { add, cast, constant, input, matmul, maximum, minimum, mul, reshape, slice, sub } from '../../engine/index.js';
import { ndarray } from '../../formats/npy.js';
import type { Form } from './types.js';

/** Side of the control grid: WaNet's. */
const K = 4;
const GRID = K * K;

export const warp: Form = {
  parts: (_, epsilon) => [{ size: 2 * GRID, low: -epsilon, high: epsilon }],
  first: (_, epsilon, seed) => {
    const rng = new Rng(seed, 'adaptive', 'pattern');
    return Float32Array.from({ length: 2 * GRID }, () => (rng.int(2) === 0 ? -epsilon : epsilon));
  },
  arrays(numbers, shape) {
    const { x, y } = fieldOf(numbers, shape);
    const flow = Float32Array.from({ length: 2 * x.length }, (_, i) => (i % 2 === 0 ? x : y)[i >> 1]);
    return { flow: ndarray(flow, [shape.height, shape.width, 2]) };
  },
  feeds(images, numbers, shape) {
    const { height, width, channels } = shape;
    const [pixels, field] = [height * width, fieldOf(numbers, shape)];
    const n = images.length / (pixels * channels);
    const base = new Float32Array(2 * pixels);
    const corners = [0, 1, 2, 3].map(() => new Uint8Array(images.length));
    for (let at = 0; at < pixels; at++) {
      const low = (place: number, most: number) => Math.min(most - 1, Math.floor(Math.min(most, Math.max(0, place))));
      const x = low((at % width) + field.x[at], width - 1);
      const y = low(Math.floor(at / width) + field.y[at], height - 1);
      base[at] = x;
      base[pixels + at] = y;
      for (const [k, pixel] of corners.entries()) {
        const from = (y + (k >> 1)) * width + x + (k & 1);
        for (let i = 0; i < n; i++)
          for (let c = 0; c < channels; c++)
            pixel[(i * pixels + at) * channels + c] = images[(i * pixels + from) * channels + c];
      }
    }
    return { base, ...Object.fromEntries(corners.map((pixel, k) => [`corner${k}`, pixel])) };
  },
  triggered(numbers, n, shape) {
    const { height, width, channels } = shape;
    const pixels = height * width;
    const field = matmul(reshape(numbers, [2, GRID]), constant(spreadOf(shape), [GRID, pixels]));
    const base = input('base', [2, pixels]);
    const axis = (k: number, own: (at: number) => number, most: number) => {
      const start = constant(
        Float32Array.from({ length: pixels }, (_, at) => own(at)),
        [1, pixels],
      );
      const place = minimum(maximum(add(slice(field, 0, k, k + 1), start), 0), most);
      return reshape(sub(place, slice(base, 0, k, k + 1)), [height, width, 1]);
    };
    const fx = axis(0, (at) => at % width, width - 1);
    const fy = axis(1, (at) => Math.floor(at / width), height - 1);
    const [a, b, c, d] = [0, 1, 2, 3].map((k) =>
      mul(cast(input(`corner${k}`, [n, height, width, channels], 'uint8'), 'float32'), 1 / 255),
    );
    const [top, bottom] = [add(a, mul(fx, sub(b, a))), add(c, mul(fx, sub(d, c)))];
    return add(top, mul(fy, sub(bottom, top)));
  },
};

/** The field of a control grid, pixels. */
const fieldOf = (numbers: Float32Array, shape: ImageShape) => upsample(Float64Array.from(numbers), K, shape);

/** How much each control point moves each pixel, [GRID, h·w]. */
function spreadOf(shape: ImageShape): Float32Array {
  const pixels = shape.height * shape.width;
  const out = new Float32Array(GRID * pixels);
  for (let k = 0; k < GRID; k++) {
    const one = new Float64Array(2 * GRID);
    one[k] = 1;
    out.set(upsample(one, K, shape).x, k * pixels);
  }
  return out;
}
