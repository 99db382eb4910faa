/**
 * Neural Cleanse: for every class the smallest trigger is found that sends clean images to it. A class that needs a much smaller trigger
 * than the others is a target.
 *
 * Wang et al., "Neural Cleanse: Identifying and Mitigating Backdoor Attacks in Neural Networks", IEEE S&P 2019, Section IV, with the
 * constants of the authors' code. They take 1 000 steps over 1 000 images; here are 600 steps over the trusted ones.
 */
import { UserError } from '../base/errors.js';
import { Rng } from '../base/random.js';
import type { ImageSet } from '../datasets/types.js';
import { anomalyIndices, median } from './anomaly.js';
import { defineDetector, type Network } from './types.js';

/** Images of a step. */
const BATCH = 32;
/** Steps between two looks at the weight of the mask's size. */
const STEPS = 10;
const ROUNDS = 60;
/** Share of images that the trigger must send to the class. */
const SUCCESS = 0.99;
/** Adam. */
const [RATE, DECAY_MEAN, DECAY_SQUARE] = [0.1, 0.5, 0.9];
/** The weight of the mask's size: first value, factor up after rounds of success, and down (to the power 1.5) after failures. */
const [WEIGHT, FACTOR, PATIENCE] = [1e-3, 2, 5];
/** Anomaly index above which a small trigger is an outlier. */
const OUTLIER = 2;

/**
 * The score of a class is the anomaly index of the size (L1 norm of the mask) of its smallest trigger, negative for triggers larger than the
 * median. Classes with an index above 2 are targets. Throws `UserError` for fewer than 32 trusted images.
 */
export const neuralCleanse = defineDetector({
  name: 'NC',
  summary: 'the smallest trigger of every class, by gradient descent',
  source: 'Wang et al., IEEE S&P 2019',
  threatModel: 'D',
  needs: ['classes', 'network', 'trusted', 'seed'],
  async detect({ classes, network, trusted, seed }, step) {
    if (trusted.set.n < BATCH) throw new UserError(`NC: ${trusted.set.n} trusted images; at least ${BATCH} are needed`);
    const sizes = new Float64Array(classes);
    for (let label = 0; label < classes; label++) {
      const rng = new Rng(seed, 'neural cleanse', label);
      sizes[label] = await smallestTrigger(network, trusted.set, label, rng, (share) =>
        step?.((label + share) / classes),
      );
    }
    const middle = median(sizes.slice());
    const index = anomalyIndices(sizes);
    const classScores = index.map((v, k) => (sizes[k] > middle ? -v : v));
    const targets = [...classScores.keys()].filter((k) => classScores[k] > OUTLIER);
    return { scores: null, flagged: null, classScores, targets };
  },
});

/** Size, in pixels, of the smallest mask with which a pattern sends 99 % of the images to `label`; of the last mask where none does. */
async function smallestTrigger(
  network: Network,
  set: ImageSet,
  label: number,
  rng: Rng,
  step: (share: number) => void,
): Promise<number> {
  const trigger = new Trigger(set, rng);
  const target = new Int32Array(BATCH).fill(label);
  let [weight, ups, downs, best] = [WEIGHT, 0, 0, Number.POSITIVE_INFINITY];
  for (let round = 0; round < ROUNDS; round++) {
    let [hits, size] = [0, 0];
    for (let s = 0; s < STEPS; s++) {
      const images = floats(set, rng.permutation(set.n).subarray(0, BATCH));
      const { gradient, predicted } = await network.gradient(trigger.applied(images), target);
      for (const y of predicted) hits += Number(y === label);
      size += trigger.size;
      trigger.descend(images, gradient, weight);
    }
    const succeeds = hits >= SUCCESS * STEPS * BATCH;
    if (succeeds) best = Math.min(best, size / STEPS);
    [ups, downs] = succeeds ? [ups + 1, 0] : [0, downs + 1];
    if (ups === PATIENCE) [weight, ups] = [weight * FACTOR, 0];
    if (downs === PATIENCE) [weight, downs] = [weight / FACTOR ** 1.5, 0];
    step((round + 1) / ROUNDS);
  }
  return Number.isFinite(best) ? best : trigger.size;
}

/** Some images as [index.length, h·w·c] in [0, 1]. */
function floats({ images, height, width, channels }: ImageSet, index: Int32Array): Float32Array {
  const size = height * width * channels;
  return Float32Array.from({ length: index.length * size }, (_, i) => {
    return images[index[Math.floor(i / size)] * size + (i % size)] / 255;
  });
}

/** A pattern [h, w, c] and a mask [h, w], both in [0, 1] by ½(1 + tanh), and their Adam. */
class Trigger {
  private readonly channels: number;
  /** Mask, then pattern, before tanh. */
  private readonly values: Float64Array;
  private readonly mean: Float64Array;
  private readonly square: Float64Array;
  private readonly area: number;
  private steps = 0;

  constructor({ height, width, channels }: ImageSet, rng: Rng) {
    this.channels = channels;
    this.area = height * width;
    const n = this.area * (1 + channels);
    this.values = Float64Array.from({ length: n }, () => rng.normal());
    [this.mean, this.square] = [new Float64Array(n), new Float64Array(n)];
  }

  private at = (i: number) => (1 + Math.tanh(this.values[i])) / 2;

  /** L1 norm of the mask, pixels. */
  get size(): number {
    let sum = 0;
    for (let i = 0; i < this.area; i++) sum += this.at(i);
    return sum;
  }

  /** (1 − mask)·x + mask·pattern. */
  applied(images: Float32Array): Float32Array {
    const { area, channels } = this;
    const [mask, pattern] = this.both();
    return images.map((x, i) => {
      const p = i % (area * channels);
      const m = mask[Math.floor(p / channels)];
      return (1 - m) * x + m * pattern[p];
    });
  }

  private both(): [mask: Float64Array, pattern: Float64Array] {
    const all = Float64Array.from(this.values, (_, i) => this.at(i));
    return [all.subarray(0, this.area), all.subarray(this.area)];
  }

  /** A step of Adam down the mean of the images' losses plus `weight` times the size. `gradient`: of each loss by its triggered image. */
  descend(images: Float32Array, gradient: Float32Array, weight: number) {
    const { area, channels } = this;
    const [mask, pattern] = this.both();
    const slope = new Float64Array(this.values.length).fill(weight, 0, area);
    const n = images.length / (area * channels);
    for (let i = 0; i < images.length; i++) {
      const p = i % (area * channels);
      const pixel = Math.floor(p / channels);
      slope[pixel] += (gradient[i] * (pattern[p] - images[i])) / n;
      slope[area + p] += (gradient[i] * mask[pixel]) / n;
    }
    this.steps++;
    for (let i = 0; i < slope.length; i++) {
      const g = slope[i] * 2 * this.at(i) * (1 - this.at(i));
      this.mean[i] = DECAY_MEAN * this.mean[i] + (1 - DECAY_MEAN) * g;
      this.square[i] = DECAY_SQUARE * this.square[i] + (1 - DECAY_SQUARE) * g * g;
      const [m, v] = [this.mean[i] / (1 - DECAY_MEAN ** this.steps), this.square[i] / (1 - DECAY_SQUARE ** this.steps)];
      this.values[i] -= (RATE * m) / (Math.sqrt(v) + 1e-8);
    }
  }
}
