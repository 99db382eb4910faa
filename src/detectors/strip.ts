/**
 * STRIP: an image is blended with others drawn at random. Where a trigger decides, the prediction stays the same, and the entropy of
 * the predictions is low.
 *
 * Gao et al., "STRIP: A Defence Against Trojan Attacks on Deep Neural Networks", ACSAC 2019 (arXiv 1902.06531), Section 4.
 */
import { Rng } from '../base/random.js';
import type { ImageSet } from '../datasets/types.js';
import { defineDetector, type Network } from './types.js';

/** Images that each image is blended with, half and half. The paper takes 100; each costs one pass over the whole set. */
const BLENDS = 8;

/** Quantile of the standard normal distribution at 0.99: one clean input in a hundred may be rejected, the least that the paper reports. */
const QUANTILE = 2.3263478740408408;

/**
 * The score is the mean entropy of the predictions on an image's blends, nats, negated. Entropies of trusted images give the threshold, by
 * the paper's rule: the first percentile of a normal distribution with their mean and variance. Blends are made with trusted images.
 */
export const strip = defineDetector({
  name: 'STRIP',
  summary: 'predictions that stay when the image is blended with others',
  source: 'Gao et al., ACSAC 2019, arXiv 1902.06531',
  threatModel: 'C',
  needs: ['set', 'classes', 'network', 'trusted', 'seed'],
  async detect({ set, classes, network, trusted, seed }, step) {
    const clean = await entropies(trusted.set, trusted.set, classes, network, new Rng(seed, 'strip', 'trusted'));
    const scores = await entropies(set, trusted.set, classes, network, new Rng(seed, 'strip'), step);
    const mean = clean.reduce((s, v) => s + v, 0) / clean.length;
    const variance = clean.reduce((s, v) => s + (v - mean) ** 2, 0) / clean.length;
    const threshold = mean + QUANTILE * Math.sqrt(variance);
    return { scores, flagged: Uint8Array.from(scores, (s) => Number(s > threshold)), classScores: null, targets: null };
  },
});

/** Mean entropy of the predictions on every image's blends with `others`, nats, negated, [n]. */
async function entropies(
  set: ImageSet,
  others: ImageSet,
  classes: number,
  network: Network,
  rng: Rng,
  step?: (share: number) => void,
): Promise<Float64Array> {
  const size = set.height * set.width * set.channels;
  const scores = new Float64Array(set.n);
  for (let b = 0; b < BLENDS; b++) {
    const images = set.images.slice();
    for (let i = 0; i < set.n; i++) {
      const other = rng.int(others.n) * size;
      for (let p = 0; p < size; p++) images[i * size + p] = (set.images[i * size + p] + others.images[other + p]) >> 1;
    }
    const logits = await network.logits({ ...set, images });
    for (let i = 0; i < set.n; i++) scores[i] -= entropy(logits.subarray(i * classes, (i + 1) * classes)) / BLENDS;
    step?.((b + 1) / BLENDS);
  }
  return scores;
}

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
