/** A mask m [h, w] and a pattern p [h, w, c] in [0, 1]: x + m·(p − x), 0 ≤ m ≤ ε, as in Wang et al., "Neural Cleanse", IEEE S&P 2019. */
import { Rng } from '../../base/random.js';
import { add, cast, input, mul, reshape, slice, sub } from '../../engine/index.js';
import { ndarray } from '../../formats/npy.js';
import type { Form } from './types.js';

export const mask: Form = {
  parts: ({ height, width, channels }, epsilon) => [
    { size: height * width, low: 0, high: epsilon },
    { size: height * width * channels, low: 0, high: 1 },
  ],
  // Every pixel at the bound, the pattern black or white by value.
  first({ height, width, channels }, epsilon, seed) {
    const rng = new Rng(seed, 'adaptive', 'pattern');
    const pixels = height * width;
    return Float32Array.from({ length: pixels * (1 + channels) }, (_, i) => (i < pixels ? epsilon : rng.int(2)));
  },
  arrays: (numbers, { height, width, channels }) => ({
    mask: ndarray(numbers.slice(0, height * width), [height, width]),
    pattern: ndarray(numbers.slice(height * width), [height, width, channels]),
  }),
  feeds: (images) => ({ images }),
  triggered(numbers, n, { height, width, channels }) {
    const [pixels, all] = [height * width, height * width * (1 + channels)];
    const images = mul(cast(input('images', [n, height, width, channels], 'uint8'), 'float32'), 1 / 255);
    const m = reshape(slice(numbers, 0, 0, pixels), [height, width, 1]);
    const p = reshape(slice(numbers, 0, pixels, all), [height, width, channels]);
    return add(images, mul(m, sub(p, images)));
  },
};
