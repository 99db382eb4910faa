import { describe, expect, it } from 'vitest';
import { constant, input, Program, State } from '../../src/engine/index.js';
import { Layers, type Mode } from '../../src/models/index.js';

/** One channel, two samples of two pixels: mean 2.5, variance 1.25, unbiased 5/3. */
const X = constant([1, 2, 3, 4], [1, 2, 2, 1]);

async function normalise(mode: Mode, x = X) {
  const layers = new Layers(mode, 0);
  const y = layers.batchNorm('bn', x);
  const state = new State();
  const start = { weight: 2, bias: 0.5, running_mean: 1, running_var: 4 };
  for (const [name, v] of Object.entries(start)) state.set(`bn.${name}`, Float32Array.of(v));
  const program = await Program.compile({ outputs: { y }, updates: layers.updates });
  const { y: values } = await program.run({}, state);
  await program.release();
  const running = [state.get('bn.running_mean')[0], state.get('bn.running_var')[0]];
  return { values: [...(values as Float32Array)], running };
}

function expectClose(found: number[], expected: number[]) {
  expect(found).toHaveLength(expected.length);
  expected.forEach((v, i) => {
    expect(found[i]).toBeCloseTo(v, 5);
  });
}

describe('batch normalisation as PyTorch has it', () => {
  it('training: the batch’s mean and biased variance normalise, the unbiased one moves the running variance by a tenth', async () => {
    const { values, running } = await normalise('train');
    expectClose(
      values,
      [1, 2, 3, 4].map((v) => (2 * (v - 2.5)) / Math.sqrt(1.25 + 1e-5) + 0.5),
    );
    expectClose(running, [0.9 * 1 + 0.1 * 2.5, 0.9 * 4 + 0.1 * (5 / 3)]);
  });

  it('training on a single value per channel leaves the running variance a number', async () => {
    const { running } = await normalise('train', constant([3], [1, 1, 1, 1]));
    expectClose(running, [0.9 * 1 + 0.1 * 3, 0.9 * 4]);
  });

  it('evaluation: the running statistics normalise and stay', async () => {
    const { values, running } = await normalise('eval');
    expectClose(
      values,
      [1, 2, 3, 4].map((v) => (2 * (v - 1)) / Math.sqrt(4 + 1e-5) + 0.5),
    );
    expectClose(running, [1, 4]);
  });
});

describe('noise layers', () => {
  it('each draws its own, in the order in which they are written', () => {
    const layers = new Layers('eval', 0.4);
    const x = input('x', [3]);
    const names = [layers.noise(x), layers.noise(x)].map((t) => t.inputs[1].attributes.name);
    expect(names).toEqual(['noise.0', 'noise.1']);
  });

  it('γ = 0 leaves the value as it is', () => {
    expect(new Layers('train', 0).noise(X)).toBe(X);
  });
});
