import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { input, Program, State, sizeOf } from '../../src/engine/index.js';
import { fromTorch, Layers, torchShape, toTorch } from '../../src/models/index.js';
import { type ImageGraphOptions, parameters, probeStep, trainStep } from '../../src/training/graphs.js';
import { furthest, graphOptions, initial, norm, uniform } from './helpers.js';

interface Golden {
  parameters: number;
  losses: number[];
  training: number[];
  evaluation: number[];
  tensors: Record<string, { shape: number[]; norm: number; along: number }>;
}

/** What test/golden/models.py runs, without noise. */
const golden: {
  width: number;
  batch: number;
  rate: number;
  momentum: number;
  weightDecay: number;
  models: Record<string, Golden>;
} = JSON.parse(readFileSync(join(import.meta.dirname, '../golden/models.json'), 'utf8'));

/** Published counts: for ten classes, ResNet-10 by the sum of its layers, PreAct-ResNet-18 with the 1,024 of its last batch norm. */
const PUBLISHED: Record<string, number> = {
  resnet10: 4_903_242,
  vgg16: 14_728_266,
  'preact-resnet18': 11_171_146 + 1_024,
  vit: 3_195_146,
};

const optionsOf = (name: string): ImageGraphOptions => ({
  ...graphOptions(name, golden.width),
  momentum: golden.momentum,
  weightDecay: golden.weightDecay,
});

const { batch } = golden;
const images = Uint8Array.from(uniform('pixels', batch * 32 * 32 * 3), (u) => Math.floor((u + 1) * 128));
const labels = Int32Array.from({ length: batch }, (_, i) => i % 10);

/** Logits of a pass that normalises by the batch, as a train step does. */
async function trainingLogits({ model, width, classes }: ImageGraphOptions, state: State) {
  const x = input('x', [32, 32, batch, 3]);
  const { logits } = model.forward(new Layers('train', 0), x, { classes, width });
  const program = await Program.compile({ outputs: { logits } }, { threads: 1 });
  const pixels = Float32Array.from({ length: images.length }, (_, i) => {
    const [pixel, n, c] = [Math.floor(i / 3 / batch), Math.floor(i / 3) % batch, i % 3];
    return images[n * 3072 + pixel * 3 + c] / 255;
  });
  const out = await program.run({ x: pixels }, state);
  await program.release();
  return Float32Array.from(out.logits as Float32Array);
}

describe.each(Object.keys(golden.models))('%s trains as PyTorch trains it', (name) => {
  const theirs = golden.models[name];
  const options = optionsOf(name);
  const own = new Map(parameters(options).map((p) => [p.name, p]));
  const shapes = new Map([...own].map(([name, p]) => [name, torchShape(p)]));
  const values = (name: string) => toTorch(own.get(name)!, state.get(name)).data;
  const state = new State();
  let training: Float32Array;
  const losses: number[] = [];

  beforeAll(async () => {
    for (const [key, shape] of shapes) {
      state.set(key, fromTorch(own.get(key)!, initial(key, shape)));
      state.set(`momentum.${key}`, new Float32Array(sizeOf(shape)));
    }
    training = await trainingLogits(options, state);
    const step = await Program.compile(trainStep(options, batch), { threads: 1 });
    for (const _ of theirs.losses) {
      const out = await step.run({ images, labels, learning_rate: Float32Array.of(golden.rate) }, state);
      losses.push((out.losses as Float32Array).reduce((a, b) => a + b) / batch);
    }
    await step.release();
  });

  it('has as many parameters at its standard width', () => {
    const standard = parameters({ ...options, width: options.model.defaultWidth }).filter((p) => p.trainable);
    expect(standard.reduce((n, p) => n + p.tensor.size, 0)).toBe(theirs.parameters);
    expect(theirs.parameters).toBe(PUBLISHED[name]);
  });

  it('logits of the first pass agree to 1e-4', () => {
    expect(furthest(training, theirs.training)).toBeLessThan(1e-4);
  });

  it('three losses agree to 1e-4', () => {
    expect(losses).toHaveLength(3);
    losses.forEach((loss, i) => {
      expect(Math.abs(loss / theirs.losses[i] - 1)).toBeLessThan(1e-4);
    });
  });

  it('every tensor has its name and shape, and its change agrees within 5 %', () => {
    expect([...shapes.keys()].sort()).toEqual(Object.keys(theirs.tensors).sort());
    for (const [key, shape] of shapes) {
      const { norm: size, along, shape: expected } = theirs.tensors[key];
      expect([...shape], key).toEqual(expected);
      const start = initial(key, shape);
      const change = Float64Array.from(values(key), (v, i) => v - start[i]);
      const direction = uniform(`along.${key}`, change.length);
      // A bias before a batch norm, or of keys, has no gradient; what moves it is rounding.
      const allowed = 0.05 * size + 1e-6;
      expect(Math.abs(norm(change) - size), key).toBeLessThan(allowed);
      expect(Math.abs(change.reduce((s, d, i) => s + d * direction[i], 0) - along), key).toBeLessThan(allowed);
    }
  });

  it('evaluation afterwards gives the same logits to 1e-4', async () => {
    const program = await Program.compile(probeStep(options, batch), { threads: 1 });
    const { logits } = await program.run({ images }, state);
    await program.release();
    expect(furthest(logits as Float32Array, theirs.evaluation)).toBeLessThan(1e-4);
  });
});
