/** A training that is watched sample by sample: what every signal and every baseline reads. */

import type { ImageSet } from '../datasets/types.js';
import type { Matrix } from '../information/columns.js';
import { findModel } from '../models/index.js';
import { Trainer } from '../training/trainer.js';
import type { Keeper } from './keep.js';
import { type Look, losses, type Snapshot, type WatchSettings } from './look.js';

/** γ: enough for information to be finite, little enough to learn in a few epochs. */
const NOISE = 0.1;
/** Small batches: sets of a few thousand images get enough steps in few epochs. */
const BATCH = 32;
const RATE = 0.025;

/** Steps of an epoch over `n` images. */
export const stepsOf = (n: number) => Math.ceil(n / BATCH);

/** A training that was watched to its end. */
export interface Watched {
  looks: Look[];
  /** The network as it is in the end; released by whoever asked for it. */
  trainer: Trainer;
  /** The same as it was after half of the epochs. */
  halfway: Snapshot;
}

/** A network that has not learned anything yet. */
export function untrained(set: ImageSet, classes: number, { width, epochs, seed }: WatchSettings): Trainer {
  const { images, labels, height, width: imageWidth, channels } = set;
  // The schedule of the learning rate is fixed, so that nothing depends on a test set; one image stands for it.
  const one = { images: images.slice(0, height * imageWidth * channels), labels: labels.slice(0, 1), n: 1 };
  return new Trainer(
    {
      model: findModel('resnet10'),
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
    {
      classes,
      train: { ...set, poisoned: new Uint8Array(set.n) },
      test: { ...one, height, width: imageWidth, channels },
      triggered: null,
    },
  );
}

/** Goes on with a training to its end. `step` hears the share of it that is done, and may throw; `after` comes after each epoch. */
export async function train(
  trainer: Trainer,
  step: (share: number) => void,
  after: (epoch: number) => Promise<void> = async () => {},
): Promise<Trainer> {
  const { epochs } = trainer.config;
  while (trainer.position.epoch < epochs) {
    for (let last = false; !last; ) {
      last = await trainer.step();
      const { epoch, step: done } = trainer.position;
      step((epoch + done / trainer.stepsPerEpoch) / epochs);
    }
    await trainer.finishEpoch();
    await after(trainer.position.epoch);
  }
  return trainer;
}

/**
 * Trains ResNet-10 on `set` and looks at it at the given epochs. `step` hears the share done, and may throw
 * to end the work; with a `keeper` it goes on after the last whole epoch when it is called again. Throws `DivergedError`.
 */
export async function watch(
  set: ImageSet,
  classes: number,
  settings: WatchSettings,
  step: (share: number) => void,
  keeper?: Keeper,
): Promise<Watched> {
  const { epochs, looks } = settings;
  const before = await keeper?.read();
  const found = before?.looks ?? [];
  const trainer = untrained(set, classes, settings);
  if (before) {
    trainer.load(before.now.tensors);
    trainer.position = before.now.position;
  }
  let halfway = before?.halfway;
  await train(trainer, step, async (epoch) => {
    const isHalf = epoch === Math.ceil(epochs / 2);
    if (looks.includes(epoch)) found.push({ epoch, ...(await look(trainer, set, classes)) });
    if (!isHalf && !keeper) return;
    const now = await snapshot(trainer);
    if (isHalf) halfway = now;
    await keeper?.write({ now, halfway, looks: found });
  });
  return { looks: found, trainer, halfway: halfway! };
}

async function snapshot(trainer: Trainer): Promise<Snapshot> {
  await trainer.state.collect();
  // Arrays of a trainer are written again by later steps.
  return structuredClone({ tensors: trainer.tensors(), position: trainer.position });
}

/** One look at any images with the network as it stands. */
export async function look(trainer: Trainer, seen: ImageSet, classes: number): Promise<Omit<Look, 'epoch'>> {
  const [draw] = await trainer.probe(seen, 1);
  const free = await trainer.noiseFree(seen);
  const matrix = (data: Float32Array): Matrix => ({ data, n: seen.n, d: data.length / seen.n });
  const logits: Matrix = { data: draw.logits, n: seen.n, d: classes };
  return { features: matrix(free), t: matrix(draw.representation), logits, loss: losses(logits, seen.labels) };
}
