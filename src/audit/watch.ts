/** The training of an audit, recorded sample by sample at its checkpoints: what every signal reads. */

import { pick } from '../datasets/select.js';
import type { InputSet } from '../datasets/types.js';
import type { Matrix } from '../information/columns.js';
import { findModel } from '../models/index.js';
import { Trainer, type TrainingConfig } from '../training/trainer.js';
import { type Checkpoint, losses, type Snapshot, type WatchSettings } from './checkpoint.js';
import type { SavedTraining } from './saved-training.js';

/** γ: information is finite with any noise; this much still lets a small network learn in a few epochs. */
const NOISE = 0.1;
/** Small batches give sets of a few thousand images enough steps in few epochs. */
const BATCH = 32;
/** Peak of the cosine schedule: 0.1 at batches of 128, scaled linearly to this batch size (Goyal et al. 2017, arXiv 1706.02677). */
export const LEARNING_RATE = 0.025;

/** The network on images, and how it is trained. */
const OF_IMAGES = { model: findModel('resnet10'), learningRate: LEARNING_RATE, optimizer: 'sgd' } as const;
/** The same on texts; the learning rate is PyTorch's default for AdamW. */
const OF_TEXTS = { model: findModel('transformer'), learningRate: 1e-3, optimizer: 'adamw' } as const;

/** Training steps of an epoch over `n` samples. */
export const stepsPerEpoch = (n: number) => Math.ceil(n / BATCH);

/** A finished training. */
export interface Watched {
  checkpoints: Checkpoint[];
  /** The network at the end; the caller releases it. */
  trainer: Trainer;
  /** The network after half of the epochs. */
  halfway: Snapshot;
}

/** A network before its first training step on `set`. `own`: what differs from the training of an audit. */
export function untrained(
  set: InputSet,
  classes: number,
  { width, epochs, seed }: Pick<WatchSettings, 'width' | 'epochs' | 'seed'>,
  own: Partial<TrainingConfig> = {},
): Trainer {
  return new Trainer(
    {
      ...('tokens' in set ? OF_TEXTS : OF_IMAGES),
      width,
      epochs,
      batchSize: BATCH,
      momentum: 0.9,
      weightDecay: 5e-4,
      schedule: 'cosine',
      warmup: undefined,
      augmentation: undefined,
      noiseStd: NOISE,
      seed,
      ...own,
    },
    {
      classes,
      train: { ...set, poisoned: new Uint8Array(set.n) },
      // The learning rate follows a fixed schedule, so nothing depends on the test set; one sample takes its place.
      test: pick<InputSet>(set, [0]),
      triggered: null,
    },
  );
}

/** Continues a training to its end. `step` hears the share done, and may throw; `after` is called after each epoch. */
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
 * Trains a small network on `set` and records all samples at the checkpoints. `step` hears the share done, and may throw to end the work;
 * with `saved`, the next call resumes after the last whole epoch. Throws `DivergedError`.
 */
export async function watch(
  set: InputSet,
  classes: number,
  settings: WatchSettings,
  step: (share: number) => void,
  saved?: SavedTraining,
): Promise<Watched> {
  const { epochs } = settings;
  const before = await saved?.read();
  const checkpoints = before?.checkpoints ?? [];
  const trainer = untrained(set, classes, settings);
  if (before) {
    trainer.load(before.now.tensors);
    trainer.position = before.now.position;
  }
  let halfway = before?.halfway;
  await train(trainer, step, async (epoch) => {
    const isHalf = epoch === Math.ceil(epochs / 2);
    if (settings.checkpoints.includes(epoch)) checkpoints.push(await record(trainer, set, classes));
    if (!isHalf && !saved) return;
    const now = await snapshot(trainer);
    if (isHalf) halfway = now;
    await saved?.write({ now, halfway, checkpoints });
  });
  return { checkpoints, trainer, halfway: halfway! };
}

/** Weights, optimizer state and position of a training, apart from it. */
export async function snapshot(trainer: Trainer): Promise<Snapshot> {
  await trainer.state.collect();
  // Later steps overwrite the trainer's arrays.
  return structuredClone({ tensors: trainer.tensors(), position: trainer.position });
}

/** All samples as the network sees them after its last whole epoch. */
export async function record(trainer: Trainer, set: InputSet, classes: number): Promise<Checkpoint> {
  const [draw] = await trainer.probe(set, 1);
  const free = await trainer.noiseFree(set);
  const matrix = (data: Float32Array): Matrix => ({ data, n: set.n, d: data.length / set.n });
  const logits: Matrix = { data: draw.logits, n: set.n, d: classes };
  const { epoch } = trainer.position;
  return { epoch, features: matrix(free), t: matrix(draw.representation), logits, loss: losses(logits, set.labels) };
}
