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
  reads: 'images',
  needs: ['classes', 'network', 'trusted', 'seed'],
  async detect({ classes, network, trusted, seed }, step) {
    if (trusted.set.n < BATCH) throw new UserError(`NC: ${trusted.set.n} trusted images; at least ${BATCH} are needed`);
    const sizes = new Float64Array(classes);
    for (let label = 0; label < classes; label++) {
      const rng = new Rng(seed, 'neural cleanse', label);
      sizes[label] = await smallestTrigger(network, trusted.set as ImageSet, label, rng, (share) =>
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
  const out = new Float32Array(index.length * size);
  index.forEach((row, r) => {
    for (let p = 0; p < size; p++) out[r * size + p] = images[row * size + p] / 255;
  });
  return out;
}

/** A pattern [h, w, c] and a mask [h, w], both in [0, 1] by ½(1 + tanh), and their Adam. */
class Trigger {
  private readonly channels: number;
  /** Mask, then pattern, before tanh. */
  private readonly values: Float64Array;
  /** The same after it. */
  private readonly shown: Float64Array;
  private readonly mean: Float64Array;
  private readonly square: Float64Array;
  private readonly area: number;
  private steps = 0;

  constructor({ height, width, channels }: ImageSet, rng: Rng) {
    this.channels = channels;
    this.area = height * width;
    const n = this.area * (1 + channels);
    this.values = Float64Array.from({ length: n }, () => rng.normal());
    this.shown = this.values.map((v) => (1 + Math.tanh(v)) / 2);
    [this.mean, this.square] = [new Float64Array(n), new Float64Array(n)];
  }

  /** L1 norm of the mask, pixels. */
  get size(): number {
    let sum = 0;
    for (let i = 0; i < this.area; i++) sum += this.shown[i];
    return sum;
  }

  /** (1 − mask)·x + mask·pattern. */
  applied(images: Float32Array): Float32Array {
    const { area, channels, shown } = this;
    const out = new Float32Array(images.length);
    for (let from = 0; from < images.length; from += area * channels)
      for (let pixel = 0, p = 0; pixel < area; pixel++) {
        const m = shown[pixel];
        for (let c = 0; c < channels; c++, p++) out[from + p] = (1 - m) * images[from + p] + m * shown[area + p];
      }
    return out;
  }

  /** A step of Adam down the mean of the images' losses plus `weight` times the size. `gradient`: of each loss by its triggered image. */
  descend(images: Float32Array, gradient: Float32Array, weight: number) {
    const { area, channels, shown, values, mean, square } = this;
    const slope = new Float64Array(values.length).fill(weight, 0, area);
    const n = images.length / (area * channels);
    for (let from = 0; from < images.length; from += area * channels)
      for (let pixel = 0, p = 0; pixel < area; pixel++)
        for (let c = 0; c < channels; c++, p++) {
          const g = gradient[from + p];
          slope[pixel] += (g * (shown[area + p] - images[from + p])) / n;
          slope[area + p] += (g * shown[pixel]) / n;
        }
    this.steps++;
    const [ofMean, ofSquare] = [1 - DECAY_MEAN ** this.steps, 1 - DECAY_SQUARE ** this.steps];
    for (let i = 0; i < slope.length; i++) {
      const g = slope[i] * 2 * shown[i] * (1 - shown[i]);
      mean[i] = DECAY_MEAN * mean[i] + (1 - DECAY_MEAN) * g;
      square[i] = DECAY_SQUARE * square[i] + (1 - DECAY_SQUARE) * g * g;
      values[i] -= (RATE * (mean[i] / ofMean)) / (Math.sqrt(square[i] / ofSquare) + 1e-8);
      shown[i] = (1 + Math.tanh(values[i])) / 2;
    }
  }
}
