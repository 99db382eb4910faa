import { describe, expect, it } from 'vitest';
import { Rng } from '../../src/base/random.js';
import { type Device, input, inspectDevice, Program, State } from '../../src/engine/index.js';
import { add, mul } from '../../src/engine/ops/elementwise.js';
import { evaluationStep, parameters, trainStep } from '../../src/training/graphs.js';
import { bits, distance, graphOptions, norm } from '../models/helpers.js';

const BATCH = 8;
const options = graphOptions('resnet18', 4);
const feeds = {
  images: Uint8Array.from({ length: BATCH * 3072 }, (_, i) => bits('pixels')(i) >>> 24),
  labels: Int32Array.from({ length: BATCH }, (_, i) => i),
};

/** Losses of a train step and of an evaluation after it, and all state. */
async function stepOn(device: Device) {
  const state = new State();
  const rng = new Rng(1, 'weights');
  for (const p of parameters(options)) {
    state.set(p.name, p.initial(rng));
    if (p.trainable) state.set(`momentum.${p.name}`, new Float32Array(p.tensor.size));
  }
  const [train, evaluation] = [trainStep(options, BATCH), evaluationStep(options, BATCH)];
  const step = await Program.compile(train, { device });
  const judge = await Program.compile(evaluation, { device });
  const before = await step.run({ ...feeds, learning_rate: Float32Array.of(0.05) }, state);
  const after = await judge.run(feeds, state);
  await state.collect();
  for (const program of [step, judge]) await program.release();
  const values = new Map(state.names().map((name) => [name, state.get(name)]));
  return { losses: [before.losses, after.losses] as Float32Array[], values };
}

const { available } = await inspectDevice('webgpu');

describe.skipIf(!available)('WebGPU agrees with the processor (skipped, needs a WebGPU adapter)', () => {
  it('after one step of ResNet-18: losses, parameters, running statistics and momentum to 1e-3', async () => {
    const [cpu, gpu] = [await stepOn('cpu'), await stepOn('webgpu')];
    cpu.losses.forEach((losses, k) => {
      expect(distance(gpu.losses[k], losses) / norm(losses)).toBeLessThan(1e-4);
    });
    expect(cpu.values.size).toBeGreaterThan(100);
    for (const [name, values] of cpu.values)
      expect(distance(gpu.values.get(name)!, values) / norm(values), name).toBeLessThan(1e-3);
  });

  it('state stays on the device between steps, and comes back when it is collected', async () => {
    const w = input('w', [2], 'float32', 'state');
    const x = input('x', [2]);
    const program = await Program.compile(
      { outputs: { seen: mul(w, 1) }, updates: new Map([[w, add(w, x)]]) },
      { device: 'webgpu' },
    );
    const state = new State();
    state.set('w', Float32Array.of(1, 2));
    const step = async () => [...(await program.run({ x: Float32Array.of(10, 20) }, state)).seen];
    expect([await step(), await step()]).toEqual([
      [1, 2],
      [11, 22],
    ]);
    expect(() => state.get('w')).toThrow('w is on the device');
    await state.collect();
    expect([...state.get('w')]).toEqual([21, 42]);
    expect(await step()).toEqual([21, 42]);
    state.set('w', Float32Array.of(0, 0));
    expect(await step()).toEqual([0, 0]);
    await state.collect();
    await program.release();
    expect([...state.get('w')]).toEqual([10, 20]);
  });
});
