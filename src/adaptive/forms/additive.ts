/** One pattern δ that is added to every image: x + δ, clipped to [0, 1], |δ| ≤ ε (Moosavi-Dezfooli et al. 2017, arXiv 1610.08401). */
import { Rng } from '../../base/random.js';
import { add, cast, input, maximum, minimum, mul, reshape } from '../../engine/index.js';
import { ndarray } from '../../formats/npy.js';
import type { Form } from './types.js';

export const additive: Form = {
  parts: ({ height, width, channels }, epsilon) => [{ size: height * width * channels, low: -epsilon, high: epsilon }],
  // Every value at the bound: a pattern that networks learn from the start.
  first({ height, width, channels }, epsilon, seed) {
    const rng = new Rng(seed, 'adaptive', 'pattern');
    return Float32Array.from({ length: height * width * channels }, () => (rng.int(2) === 0 ? -epsilon : epsilon));
  },
  arrays: (numbers, { height, width, channels }) => ({ delta: ndarray(numbers, [height, width, channels]) }),
  feeds: (images) => ({ images }),
  triggered(numbers, n, { height, width, channels }) {
    const images = input('images', [n, height, width, channels], 'uint8');
    const delta = reshape(numbers, [height, width, channels]);
    return minimum(maximum(add(mul(cast(images, 'float32'), 1 / 255), delta), 0), 1);
  },
};
