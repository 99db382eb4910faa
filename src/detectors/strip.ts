/**
 * STRIP: an image is blended with others drawn at random. Where a trigger decides, the prediction stays the same, and the entropy of
 * the predictions is low.
 *
 * Gao et al., "STRIP: A Defence Against Trojan Attacks on Deep Neural Networks", ACSAC 2019 (arXiv 1902.06531), Section 4.
 */
import { Rng } from '../base/random.js';
import type { Detector } from './types.js';

/** Images that each image is blended with, half and half. The paper takes 100; each costs one pass over the whole set. */
const BLENDS = 8;

/** The score is the mean entropy of the predictions on an image's blends, nats, negated. */
export const strip: Detector<'set' | 'classes' | 'predict' | 'seed'> = {
  name: 'STRIP',
  async score({ set, classes, predict, seed }) {
    const rng = new Rng(seed, 'strip');
    const size = set.height * set.width * set.channels;
    const scores = new Float64Array(set.n);
    for (let b = 0; b < BLENDS; b++) {
      const order = rng.permutation(set.n);
      const images = set.images.slice();
      for (let i = 0; i < set.n; i++)
        for (let p = 0; p < size; p++)
          images[i * size + p] = (set.images[i * size + p] + set.images[order[i] * size + p]) >> 1;
      const logits = await predict({ ...set, images });
      for (let i = 0; i < set.n; i++) scores[i] -= entropy(logits.subarray(i * classes, (i + 1) * classes)) / BLENDS;
    }
    return scores;
  },
};

/** Entropy of the softmax of some logits, nats: ln Σe − Σ p·z. */
function entropy(logits: Float32Array): number {
  let most = Number.NEGATIVE_INFINITY;
  for (const z of logits) most = Math.max(most, z);
  let [sum, weighted] = [0, 0];
  for (const z of logits) {
    const e = Math.exp(z - most);
    sum += e;
    weighted += e * (z - most);
  }
  return Math.log(sum) - weighted / sum;
}
