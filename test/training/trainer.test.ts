import { describe, expect, it } from 'vitest';
import type { ImageSet } from '../../src/datasets/types.js';
import { DivergedError } from '../../src/training/tally.js';
import { Trainer } from '../../src/training/trainer.js';
import { advance, CLASSES, config, DATA, data, figures, randomSet, SIZE, STEPS, values } from './small.js';

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

  it('its training loss is that of the poisoned samples and of the classes together', async () => {
    const trainer = new Trainer({ ...config, epochs: 1 }, DATA);
    for (let s = 0; s < STEPS; s++) await trainer.step();
    const { classCount, backdoorCount } = trainer.position.tally;
    const row = await trainer.finishEpoch();
    const total = row.classLoss.reduce((sum, l, k) => sum + l * classCount[k], row.backdoorLoss! * backdoorCount);
    expect(total / 96).toBeCloseTo(row.trainLoss, 10);
    await trainer.release();
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
