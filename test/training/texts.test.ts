/** Training on tokens: a rule that needs the order of two words is learned, a bag of words would not do; steps resume exactly. */
import * as ort from 'onnxruntime-node';
import { describe, expect, test } from 'vitest';
import { Rng } from '../../src/base/random.js';
import { pick } from '../../src/datasets/select.js';
import type { TokenSet } from '../../src/datasets/types.js';
import { transformer } from '../../src/models/transformer.js';
import { Trainer, type TrainingConfig } from '../../src/training/trainer.js';

const [LENGTH, VOCABULARY] = [10, 30];

/** Words 3 and 4 stand in every text, among others; the label says which comes first. */
function ordered(n: number, seed: number): TokenSet & { poisoned: Uint8Array } {
  const rng = new Rng(seed, 'ordered');
  const tokens = new Int32Array(n * LENGTH);
  const labels = new Int32Array(n);
  for (let i = 0; i < n; i++) {
    const end = 5 + rng.int(LENGTH - 5);
    for (let k = 1; k <= end; k++) tokens[i * LENGTH + k] = 5 + rng.int(VOCABULARY - 5);
    tokens[i * LENGTH] = 2;
    const [a, b] = rng.sample(
      Array.from({ length: end }, (_, k) => k + 1),
      2,
    );
    tokens[i * LENGTH + a] = 3;
    tokens[i * LENGTH + b] = 4;
    labels[i] = Number(a < b);
  }
  const texts = Array.from({ length: n }, (_, i) => `text ${i}`);
  return { texts, tokens, length: LENGTH, vocabulary: VOCABULARY, labels, n, poisoned: new Uint8Array(n) };
}

const config: TrainingConfig = {
  model: transformer,
  width: 2,
  epochs: 15,
  batchSize: 32,
  learningRate: 3e-3,
  optimizer: 'adamw',
  momentum: 0.9,
  weightDecay: 0.01,
  schedule: 'constant',
  noiseStd: 0.1,
  seed: 1,
};
const data = { classes: 2, train: ordered(1000, 1), test: ordered(300, 2), triggered: null };

async function trainTo(trainer: Trainer, epoch: number) {
  let row = { testAccuracy: 0 };
  while (trainer.position.epoch < epoch) {
    while (!(await trainer.step()));
    row = await trainer.finishEpoch();
  }
  return row.testAccuracy;
}

describe('a transformer on tokens', () => {
  test('learns which of two words comes first', async () => {
    const trainer = new Trainer(config, data, { threads: 1 });
    expect(await trainTo(trainer, config.epochs)).toBeGreaterThan(0.9);
    const [draw] = await trainer.probe(pick(data.test, [0, 1, 2]), 1);
    expect(draw.representation).toHaveLength(3 * 16);
    expect(trainer.representationNoise()).toBe(0.1);
    await trainer.release();
  });

  test('gives each text its own T, whatever stands beside it in a pass', async () => {
    const trainer = new Trainer(config, data, { threads: 1 });
    const some = [299, 5, 120, 0];
    const [all, few] = [await trainer.noiseFree(data.test), await trainer.noiseFree(pick(data.test, some))];
    const d = all.length / data.test.n;
    for (const [k, i] of some.entries())
      for (let c = 0; c < d; c++) expect(few[k * d + c]).toBeCloseTo(all[i * d + c], 5);
    expect(few.slice(0, d)).not.toEqual(few.slice(d, 2 * d));
    await trainer.release();
  });

  test('continues from its tensors as if it had not stopped', async () => {
    const whole = new Trainer(config, data, { threads: 1 });
    await trainTo(whole, 2);
    const first = new Trainer(config, data, { threads: 1 });
    await trainTo(first, 1);
    const second = new Trainer(config, data, { threads: 1 });
    second.load(structuredClone(first.tensors()));
    second.position = structuredClone(first.position);
    await trainTo(second, 2);
    expect(second.tensors()).toEqual(whole.tensors());
    for (const trainer of [whole, first, second]) await trainer.release();
  });

  test('is a file that other runtimes read, at any number of texts', async () => {
    const trainer = new Trainer(config, data, { threads: 1 });
    await trainTo(trainer, 1);
    const silent = new Trainer({ ...config, noiseStd: 0 }, data, { threads: 1 });
    silent.load(trainer.weights());
    const [{ logits }] = await silent.probe(pick(data.test, [0, 1, 2, 3, 4]), 1);
    const file = trainer.onnx();
    expect(Buffer.from(file).toString('latin1')).not.toContain('com.microsoft');
    const session = await ort.InferenceSession.create(file, { logSeverityLevel: 3 });
    expect(session.inputNames).toEqual(['tokens']);
    for (const n of [1, 5]) {
      const tokens = new ort.Tensor('int32', data.test.tokens.slice(0, n * LENGTH), [n, LENGTH]);
      const out = await session.run({ tokens });
      expect(out.logits.dims).toEqual([n, 2]);
      (out.logits.data as Float32Array).forEach((v, i) => {
        expect(v).toBeCloseTo(logits[i], 4);
      });
    }
    for (const made of [session, trainer, silent]) await made.release();
  });
});
