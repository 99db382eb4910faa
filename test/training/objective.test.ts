/** What a training step minimises: gradients with respect to the losses, and where training on them leads. */
import { expect, test } from 'vitest';
import { evaluate, gradients, input } from '../../src/engine/index.js';
import { findModel } from '../../src/models/index.js';
import { type Objective, objectiveOf } from '../../src/training/objective.js';
import { Trainer } from '../../src/training/trainer.js';
import { config, data } from './small.js';

const losses = Float32Array.of(0.1, 2, 0.49, 0.51);
const gradient = async (objective: Objective) => {
  const x = input('losses', [4]);
  const [g] = gradients(objectiveOf(x, objective), [x]);
  return Array.from((await evaluate({ g }, { losses })).g, Number);
};

test('local gradient ascent descends above γ and ascends below it, sample by sample', async () => {
  expect(await gradient('loss')).toEqual([0.25, 0.25, 0.25, 0.25]);
  expect(await gradient('ascent')).toEqual([-0.25, -0.25, -0.25, -0.25]);
  expect(await gradient('local-ascent')).toEqual([-0.25, 0.25, -0.25, 0.25]);
});

test('gradient ascent unlearns what a training learned', async () => {
  // Brightness tells the class.
  const easy = data(96, (y) => [80 * y, 80 * y + 60]);
  const small = { ...config, model: findModel('resnet10'), width: 2, noiseStd: 0.1, schedule: 'constant' as const };
  const lossAfter = async (objective: Objective, epochs: number, before?: Trainer) => {
    const trainer = new Trainer({ ...small, objective, epochs }, easy, { threads: 1 });
    if (before) trainer.load(before.weights());
    while (trainer.position.epoch < epochs) {
      while (!(await trainer.step()));
      await trainer.finishEpoch();
    }
    return { trainer, loss: (await trainer.evaluate(easy.train, 'train')).loss };
  };
  const learned = await lossAfter('loss', 8);
  const unlearned = await lossAfter('ascent', 2, learned.trainer);
  expect(unlearned.loss).toBeGreaterThan(learned.loss + 0.1);
  for (const { trainer } of [learned, unlearned]) await trainer.release();
});
