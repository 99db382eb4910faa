/** Running statistics of batch norm recomputed for a probe: right, and unnoticed by training. */
import { describe, expect, it } from 'vitest';
import { Rng } from '../../src/base/random.js';
import { State } from '../../src/engine/index.js';
import { findModel } from '../../src/models/index.js';
import { BATCH_NORM_MOMENTUM } from '../../src/models/layers.js';
import { recomputeStatistics } from '../../src/training/statistics.js';
import { Trainer, type TrainingConfig, type TrainingData } from '../../src/training/trainer.js';

const N = 64;
const SIZE = 8;

function data(): TrainingData {
  const rng = new Rng(5, 'statistics test');
  const set = (n: number) => ({
    images: Uint8Array.from({ length: n * SIZE * SIZE * 3 }, () => rng.int(256)),
    labels: Int32Array.from({ length: n }, () => rng.int(3)),
    n,
    height: SIZE,
    width: SIZE,
    channels: 3,
  });
  return { classes: 3, train: { ...set(N), poisoned: new Uint8Array(N) }, test: set(20), triggered: null };
}

const config: TrainingConfig = {
  model: findModel('resnet10'),
  width: 4,
  epochs: 2,
  batchSize: N,
  learningRate: 0.1,
  momentum: 0.9,
  weightDecay: 0,
  schedule: 'constant',
  noiseStd: 0,
  seed: 3,
};

describe('recomputed statistics', () => {
  it('are the mean of the batches’ means, and their variance with the spread of the means', async () => {
    const state = new State();
    state.set('bn.running_mean', Float32Array.of(7, -7));
    state.set('bn.running_var', Float32Array.of(9, 9));
    const batches = [
      { mean: [1, 10], variance: [2, 4] },
      { mean: [3, 10], variance: [4, 4] },
    ];
    const restore = await recomputeStatistics(state, ['bn.running_mean', 'bn.running_var'], 2, async (b) => {
      for (const [name, now] of [
        ['bn.running_mean', batches[b].mean],
        ['bn.running_var', batches[b].variance],
      ] as const)
        state.set(
          name,
          state.get(name).map((r, c) => (1 - BATCH_NORM_MOMENTUM) * r + BATCH_NORM_MOMENTUM * now[c]),
        );
    });
    expect([...state.get('bn.running_mean')]).toEqual([expect.closeTo(2, 5), expect.closeTo(10, 5)]);
    // 2 and 4 within, and means of 1 and 3 have an unbiased variance of 2.
    expect([...state.get('bn.running_var')]).toEqual([expect.closeTo(5, 5), expect.closeTo(4, 5)]);
    restore();
    expect([...state.get('bn.running_mean')]).toEqual([7, -7]);
    expect([...state.get('bn.running_var')]).toEqual([9, 9]);
  });

  it('make a network in evaluation mode what it is in training mode, on the batch they come from', async () => {
    const trainer = new Trainer(config, data());
    await trainer.step();
    const lagging = (await trainer.evaluate(trainer.data.train, 'x')).loss;
    const fresh = await trainer.withStatisticsOf(N, async () => (await trainer.evaluate(trainer.data.train, 'x')).loss);
    // The next step's loss is that of the same weights in training mode, on the same one batch.
    const { tally } = trainer.position;
    const before = tally.loss;
    trainer.position.step = 0;
    await trainer.step();
    const training = (trainer.position.tally.loss - before) / N;
    expect(Math.abs(fresh - training)).toBeLessThan(0.02 * training);
    expect(Math.abs(lagging - training)).toBeGreaterThan(0.1 * training);
    await trainer.release();
  });

  it('are not noticed by training: weights and running statistics stay equal bit for bit', async () => {
    const run = async (probed: boolean) => {
      const trainer = new Trainer({ ...config, batchSize: 16, noiseStd: 0.4 }, data());
      for (let s = 0; s < 3; s++) {
        await trainer.step();
        if (probed) await trainer.withStatisticsOf(40, () => trainer.probe(trainer.data.test, 1));
      }
      const weights = trainer.tensors();
      await trainer.release();
      return weights;
    };
    const [plain, probed] = [await run(false), await run(true)];
    expect(Object.keys(plain).length).toBeGreaterThan(20);
    expect(probed).toEqual(plain);
  });

  it('leave a model without batch norm alone', async () => {
    const trainer = new Trainer({ ...config, model: findModel('vit'), width: 4 }, data());
    const before = (await trainer.evaluate(trainer.data.test, 'x')).loss;
    expect(await trainer.withStatisticsOf(N, async () => (await trainer.evaluate(trainer.data.test, 'x')).loss)).toBe(
      before,
    );
    await trainer.release();
  });

  it('two moments of one epoch draw different noise; the end of an epoch draws its own', async () => {
    const trainer = new Trainer({ ...config, batchSize: 16, noiseStd: 0.4 }, data());
    const t = async () => (await trainer.probe(trainer.data.test, 1))[0].representation.slice();
    const at0 = await t();
    trainer.position.step = 1;
    const at1 = await t();
    trainer.position.step = 2;
    const at2 = await t();
    expect(at1).not.toEqual(at0);
    expect(at2).not.toEqual(at1);
    trainer.position.step = 1;
    expect(await t()).toEqual(at1);
    await trainer.release();
  });
});
