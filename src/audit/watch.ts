/** A training that is watched sample by sample: what every signal and every baseline reads. */
import type { ImageSet } from '../datasets/types.js';
import type { Matrix } from '../information/columns.js';
import { findModel } from '../models/index.js';
import { Trainer } from '../training/trainer.js';

export interface WatchSettings {
  width: number;
  epochs: number;
  /** Epochs at which samples are looked at, rising; the last is `epochs`. */
  looks: number[];
  seed: number;
}

/** One look at all samples, rows in the order of the set. */
export interface Look {
  epoch: number;
  /** T without noise, [n, d]: a function of X. */
  features: Matrix;
  /** T and Ŷ of one noisy pass, [n, d] and [n, classes]. */
  t: Matrix;
  logits: Matrix;
  /** Cross-entropy of the label, nats, [n]. */
  loss: Float32Array;
}

/** γ: enough for information to be finite, little enough to learn in a few epochs. */
const NOISE = 0.1;
const BATCH = 64;
const RATE = 0.05;

/** Cross-entropy of each row's label, nats. */
export function losses({ data, n, d }: Matrix, labels: ArrayLike<number>): Float32Array {
  return Float32Array.from({ length: n }, (_, i) => {
    let most = Number.NEGATIVE_INFINITY;
    for (let k = 0; k < d; k++) most = Math.max(most, data[i * d + k]);
    let sum = 0;
    for (let k = 0; k < d; k++) sum += Math.exp(data[i * d + k] - most);
    return most + Math.log(sum) - data[i * d + labels[i]];
  });
}

/** A trained network, asked for logits and features of other images. */
export interface Watched {
  looks: Look[];
  /** Noise-free-feature and logits of a noisy pass over other images. */
  trainer: Trainer;
}

/**
 * Trains ResNet-18 on `set` and looks at `seen` (by default the same) at the given epochs. `step` hears the share done, and may throw
 * to end the work. Throws `DivergedError`.
 */
export async function watch(
  set: ImageSet,
  classes: number,
  { width, epochs, looks, seed }: WatchSettings,
  step: (share: number) => void,
  seen: ImageSet = set,
): Promise<Watched> {
  const { images, labels, height, width: imageWidth, channels } = set;
  const pixels = height * imageWidth * channels;
  // The schedule of the learning rate is fixed, so that nothing depends on a test set; one image stands for it.
  const test = {
    images: images.slice(0, pixels),
    labels: labels.slice(0, 1),
    n: 1,
    height,
    width: imageWidth,
    channels,
  };
  const trainer = new Trainer(
    {
      model: findModel('resnet18'),
      width,
      epochs,
      batchSize: BATCH,
      learningRate: RATE,
      optimizer: 'sgd',
      momentum: 0.9,
      weightDecay: 5e-4,
      schedule: 'cosine',
      warmup: undefined,
      augmentation: undefined,
      noiseStd: NOISE,
      seed,
    },
    { classes, train: { ...set, poisoned: new Uint8Array(set.n) }, test, triggered: null },
  );
  const found: Look[] = [];
  for (let epoch = 1; epoch <= epochs; epoch++) {
    for (let last = false; !last; ) {
      last = await trainer.step();
      step((epoch - 1 + trainer.position.step / trainer.stepsPerEpoch) / epochs);
    }
    await trainer.finishEpoch();
    if (looks.includes(epoch)) found.push({ epoch, ...(await look(trainer, seen, classes)) });
  }
  return { looks: found, trainer };
}

/** One look at any images with the network as it stands. */
export async function look(trainer: Trainer, seen: ImageSet, classes: number): Promise<Omit<Look, 'epoch'>> {
  const [draw] = await trainer.probe(seen, 1);
  const free = await trainer.noiseFree(seen);
  const matrix = (data: Float32Array): Matrix => ({ data, n: seen.n, d: data.length / seen.n });
  const logits: Matrix = { data: draw.logits, n: seen.n, d: classes };
  return { features: matrix(free), t: matrix(draw.representation), logits, loss: losses(logits, seen.labels) };
}
