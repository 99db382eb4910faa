/**
 * STRIP: a sample is mixed with others drawn at random. Where a trigger decides, the prediction stays the same, and the entropy of
 * the predictions is low.
 *
 * Gao et al., "STRIP: A Defence Against Trojan Attacks on Deep Neural Networks", ACSAC 2019 (arXiv 1902.06531), Section 4; for texts Gao et al., "Design and Evaluation of a
 * Multi-Domain Trojan Detection Method on Deep Neural Networks", IEEE TDSC 2021 (arXiv 1911.10312).
 */
import { Rng } from '../base/random.js';
import { PADDING } from '../datasets/texts/words.js';
import type { ImageSet, InputSet, TokenSet } from '../datasets/types.js';
import { defineDetector, type Network } from './types.js';

/** Images that each image is blended with, half and half. The paper takes 100; each costs one pass over the whole set. */
const BLENDS = 8;

/** Share of the words of a text that are replaced, as in the authors' experiments on IMDB. */
const REPLACED = 0.6;

/** Quantile of the standard normal distribution at 0.99: one clean input in a hundred may be rejected, the least that the paper reports. */
const QUANTILE = 2.3263478740408408;

/**
 * The score is the mean entropy of the predictions on an image's blends, nats, negated. Entropies of trusted images give the threshold, by
 * the paper's rule: the first percentile of a normal distribution with their mean and variance. Blends are made with trusted images.
 */
export const strip = defineDetector({
  name: 'STRIP',
  summary: 'predictions that stay when the sample is mixed with others',
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

/** Mean entropy of the predictions on every sample's mixtures with `others`, nats, negated, [n]. */
async function entropies(
  set: InputSet,
  others: InputSet,
  classes: number,
  network: Network,
  rng: Rng,
  step?: (share: number) => void,
): Promise<Float64Array> {
  const scores = new Float64Array(set.n);
  for (let b = 0; b < BLENDS; b++) {
    const mixed = 'tokens' in set ? replaced(set, others as TokenSet, rng) : blended(set, others as ImageSet, rng);
    const logits = await network.logits(mixed);
    for (let i = 0; i < set.n; i++) scores[i] -= entropy(logits.subarray(i * classes, (i + 1) * classes)) / BLENDS;
    step?.((b + 1) / BLENDS);
  }
  return scores;
}

/** Every image half and half with one of `others`. */
function blended(set: ImageSet, others: ImageSet, rng: Rng): ImageSet {
  const size = set.height * set.width * set.channels;
  const images = set.images.slice();
  for (let i = 0; i < set.n; i++) {
    const other = rng.int(others.n) * size;
    for (let p = 0; p < size; p++) images[i * size + p] = (set.images[i * size + p] + others.images[other + p]) >> 1;
  }
  return { ...set, images };
}

/** Every text with a share of its words replaced by words of one of `others`, each drawn at random. */
function replaced(set: TokenSet, others: TokenSet, rng: Rng): TokenSet {
  const { length } = set;
  const tokens = set.tokens.slice();
  const wordsOf = ({ tokens: all }: TokenSet, i: number) =>
    Array.from({ length: length - 1 }, (_, k) => i * length + 1 + k).filter((at) => all[at] !== PADDING);
  for (let i = 0; i < set.n; i++) {
    const source = wordsOf(others, rng.int(others.n));
    const own = wordsOf(set, i);
    if (source.length === 0) continue;
    for (const at of rng.sample(own, Math.round(REPLACED * own.length)))
      tokens[at] = others.tokens[source[rng.int(source.length)]];
  }
  return { ...set, tokens };
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
