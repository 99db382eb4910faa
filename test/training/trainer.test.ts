import { beforeAll, describe, expect, it } from 'vitest';
import { Rng } from '../../src/base/random.js';
import type { ImageSet } from '../../src/datasets/types.js';
import type { EpochRow } from '../../src/dynamics/types.js';
import { asTensors, decodeSafetensors, encodeSafetensors } from '../../src/formats/safetensors.js';
import { findModel, type Weights } from '../../src/models/index.js';
import { DivergedError } from '../../src/training/tally.js';
import { type Position, Trainer, type TrainingConfig, type TrainingData } from '../../src/training/trainer.js';

const SIZE = 16;
const CLASSES = 3;

/** Random pixels in `low` … `high` by class, so that brightness tells the class when they do not overlap. */
function randomSet(n: number, seed: number, range: (label: number) => [low: number, high: number]): ImageSet {
  const rng = new Rng(seed, 'trainer test');
  const labels = Int32Array.from({ length: n }, () => rng.int(CLASSES));
  const pixels = SIZE * SIZE * 3;
  const images = Uint8Array.from({ length: n * pixels }, (_, i) => {
    const [low, high] = range(labels[Math.floor(i / pixels)]);
    return low + rng.int(high - low);
  });
  return { images, labels, n, height: SIZE, width: SIZE, channels: 3 };
}

function data(n: number, range: (label: number) => [number, number] = () => [0, 256]): TrainingData {
  const train = randomSet(n, 1, range);
  return {
    classes: CLASSES,
    train: { ...train, poisoned: Uint8Array.from({ length: n }, (_, i) => (i % 7 === 0 ? 1 : 0)) },
    test: randomSet(40, 2, range),
    triggered: randomSet(20, 3, range),
  };
}

const config: TrainingConfig = {
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

const DATA = data(96);
const STEPS = 3;

/** Trains to the end of the configuration from where the trainer stands; stops after `limit` steps. */
async function advance(trainer: Trainer, limit = Number.POSITIVE_INFINITY): Promise<EpochRow[]> {
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

/** A checkpoint as a run writes it: all tensors, the position as text beside them. */
function save(trainer: Trainer): Uint8Array {
  return encodeSafetensors(asTensors(trainer.tensors()), { position: JSON.stringify(trainer.position) });
}

function restore(trainer: Trainer, checkpoint: Uint8Array) {
  const { tensors, metadata } = decodeSafetensors(checkpoint);
  trainer.load(tensors as Record<string, Weights>);
  trainer.position = JSON.parse(metadata.position) as Position;
}

const values = (trainer: Trainer) =>
  Object.fromEntries(trainer.state.names().map((name) => [name, trainer.state.get(name).slice()]));
const figures = (rows: EpochRow[]) => rows.map(({ seconds: _, ...figure }) => figure);
const standing = ({ position: { tally, ...position } }: Trainer) => ({
  ...position,
  tally: { ...tally, milliseconds: 0 },
});

describe.each([
  ['plateau', [0, 1, 3, 6]],
  ['cosine', [5]],
] as const)('a run with the %s schedule that was stopped and resumed', (schedule, stops) => {
  let whole: { values: ReturnType<typeof values>; standing: ReturnType<typeof standing>; rows: object[] };
  beforeAll(async () => {
    const trainer = new Trainer({ ...config, schedule }, DATA);
    const rows = figures(await advance(trainer));
    whole = { values: values(trainer), standing: standing(trainer), rows };
    await trainer.release();
  });

  it.each(stops)('after step %i of 6 ends with the same bits', async (k) => {
    const first = new Trainer({ ...config, schedule }, DATA);
    const before = figures(await advance(first, k));
    const checkpoint = save(first);
    await first.release();
    const second = new Trainer({ ...config, schedule }, DATA);
    // A tensor missing from the checkpoint would show.
    for (const name of second.state.names()) second.state.get(name).fill(7);
    restore(second, checkpoint);
    expect(second.position.step + STEPS * second.position.epoch).toBe(k);
    const after = figures(await advance(second));
    expect([...before, ...after]).toEqual(whole.rows);
    expect(values(second)).toEqual(whole.values);
    expect(standing(second)).toEqual(whole.standing);
    await second.release();
  });
});

describe('the seed', () => {
  it('gives the same run again, and another seed another run', async () => {
    const run = async (seed: number) => {
      const trainer = new Trainer({ ...config, epochs: 1, seed }, DATA);
      const rows = figures(await advance(trainer));
      await trainer.release();
      return rows;
    };
    const first = await run(11);
    expect(await run(11)).toEqual(first);
    expect((await run(12))[0].trainLoss).not.toBe(first[0].trainLoss);
  });

  it('evaluation and probes between steps do not change what training goes on to do', async () => {
    const plain = new Trainer(config, DATA);
    await advance(plain);
    const watched = new Trainer(config, DATA);
    for (let epoch = 0; epoch < 2; epoch++) {
      for (let s = 0; s < STEPS; s++) {
        await watched.step();
        await watched.evaluate(DATA.test, 'between');
        await watched.probe(DATA.test, 2);
        await watched.noiseFree(DATA.test);
      }
      await watched.finishEpoch();
    }
    expect(values(watched)).toEqual(values(plain));
    await plain.release();
    await watched.release();
  });
});

describe('an epoch', () => {
  it('uses every sample once, the remainder of 70 in batches of 32 too', async () => {
    const odd = data(70);
    const trainer = new Trainer({ ...config, epochs: 1 }, odd);
    expect(trainer.stepsPerEpoch).toBe(3);
    await trainer.step();
    await trainer.step();
    const before = trainer.state.get('fc.weight').slice();
    expect(await trainer.step()).toBe(true);
    expect(trainer.state.get('fc.weight')).not.toEqual(before);
    const { classCount, backdoorCount } = trainer.position.tally;
    const expected = Array(CLASSES).fill(0);
    odd.train.labels.forEach((y, i) => {
      if (!odd.train.poisoned[i]) expected[y]++;
    });
    expect(classCount).toEqual(expected);
    expect(backdoorCount).toBe(10);
    await trainer.release();
  });

  it('its training loss is that of the payload and of the classes together', async () => {
    const trainer = new Trainer({ ...config, epochs: 1 }, DATA);
    for (let s = 0; s < STEPS; s++) await trainer.step();
    const { classCount, backdoorCount } = trainer.position.tally;
    const row = await trainer.finishEpoch();
    const total = row.classLoss.reduce((sum, l, k) => sum + l * classCount[k], row.backdoorLoss! * backdoorCount);
    expect(total / 96).toBeCloseTo(row.trainLoss, 10);
    await trainer.release();
  });

  it('learns what can be learnt: brightness tells the class', async () => {
    const bright = data(96, (label) => [label * 80, label * 80 + 90]);
    const trainer = new Trainer({ ...config, epochs: 9, batchSize: 16, learningRate: 0.005, noiseStd: 0.1 }, bright);
    const rows = await advance(trainer);
    await trainer.release();
    expect(rows[0].trainLoss).toBeLessThan(1.5);
    expect(rows[8].trainLoss).toBeLessThan(rows[0].trainLoss / 3);
    expect(rows[8].trainAccuracy).toBeGreaterThan(0.95);
    expect(rows[8].testAccuracy).toBeGreaterThan(0.9);
  });

  it('a learning rate far too high ends with advice and not with NaN', async () => {
    const trainer = new Trainer({ ...config, learningRate: 1e30 }, DATA);
    await expect(advance(trainer)).rejects.toThrow(DivergedError);
    await trainer.release();
  });
});

describe('evaluation', () => {
  it('counts each image once where the last pass is not full', async () => {
    const trainer = new Trainer({ ...config, noiseStd: 0 }, DATA);
    const all = randomSet(150, 4, () => [0, 256]);
    const part = (from: number, to: number): ImageSet => ({
      ...all,
      images: all.images.subarray(from * SIZE * SIZE * 3, to * SIZE * SIZE * 3),
      labels: all.labels.subarray(from, to),
      n: to - from,
    });
    const whole = await trainer.evaluate(all, 'whole');
    const [a, b] = [await trainer.evaluate(part(0, 90), 'a'), await trainer.evaluate(part(90, 150), 'b')];
    expect(whole.loss).toBeCloseTo((90 * a.loss + 60 * b.loss) / 150, 5);
    expect(whole.accuracy).toBeCloseTo((90 * a.accuracy + 60 * b.accuracy) / 150, 12);
    const probe = async (set: ImageSet) => (await trainer.probe(set, 1))[0].representation;
    const [rows, tail] = [await probe(all), await probe(part(90, 150))];
    expect(rows).toHaveLength(150 * 32);
    tail.forEach((v, i) => {
      expect(Math.abs(v - rows[90 * 32 + i])).toBeLessThan(1e-5);
    });
    await trainer.release();
  });
});
