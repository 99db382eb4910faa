/** A small set and training that the tests of the trainer share. */
import { Rng } from '../../src/base/random.js';
import type { ImageSet } from '../../src/datasets/types.js';
import type { EpochRow } from '../../src/dynamics/types.js';
import { findModel } from '../../src/models/index.js';
import type { Trainer, TrainingConfig, TrainingData } from '../../src/training/trainer.js';

export const SIZE = 16;
export const CLASSES = 3;

/** Random pixels in `low` … `high` by class, so that brightness tells the class when they do not overlap. */
export function randomSet(n: number, seed: number, range: (label: number) => [low: number, high: number]): ImageSet {
  const rng = new Rng(seed, 'trainer test');
  const labels = Int32Array.from({ length: n }, () => rng.int(CLASSES));
  const pixels = SIZE * SIZE * 3;
  const images = Uint8Array.from({ length: n * pixels }, (_, i) => {
    const [low, high] = range(labels[Math.floor(i / pixels)]);
    return low + rng.int(high - low);
  });
  return { images, labels, n, height: SIZE, width: SIZE, channels: 3 };
}

export function data(n: number, range: (label: number) => [number, number] = () => [0, 256]): TrainingData {
  const train = randomSet(n, 1, range);
  return {
    classes: CLASSES,
    train: { ...train, poisoned: Uint8Array.from({ length: n }, (_, i) => (i % 7 === 0 ? 1 : 0)) },
    test: randomSet(40, 2, range),
    triggered: randomSet(20, 3, range),
  };
}

export const config: TrainingConfig = {
  model: findModel('resnet18'),
  width: 4,
  epochs: 2,
  batchSize: 32,
  learningRate: 0.05,
  momentum: 0.9,
  weightDecay: 5e-4,
  schedule: 'plateau',
  noiseStd: 0.4,
  seed: 11,
};

export const DATA = data(96);
export const STEPS = 3;

/** Trains to the end of the configuration from where the trainer stands; stops after `limit` steps. */
export async function advance(trainer: Trainer, limit = Number.POSITIVE_INFINITY): Promise<EpochRow[]> {
  const rows: EpochRow[] = [];
  let steps = 0;
  while (trainer.position.epoch < trainer.config.epochs) {
    while (trainer.position.step < trainer.stepsPerEpoch) {
      if (steps++ === limit) return rows;
      await trainer.step();
    }
    if (steps === limit) return rows;
    rows.push(await trainer.finishEpoch());
  }
  return rows;
}

export const values = (trainer: Trainer) =>
  Object.fromEntries(trainer.state.names().map((name) => [name, trainer.state.get(name).slice()]));
export const figures = (rows: EpochRow[]) => rows.map(({ seconds: _, ...figure }) => figure);
