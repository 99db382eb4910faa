import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { Program, State } from '../../src/engine/index.js';
import type { NdArray } from '../../src/formats/npy.js';
import { readNpz } from '../../src/formats/npz.js';
import { fromTorch, torchShape, toTorch } from '../../src/models/index.js';
import { parameters, probeStep, trainStep } from '../../src/training/graphs.js';
import { bits, distance, graphOptions, norm } from '../models/helpers.js';

/** What test/golden/resnet18.py runs, without noise. */
const BATCH = 32;
const RATE = 5e-4;
const options = graphOptions('resnet18', 16);

function initial(name: string, shape: readonly number[]): Float32Array {
  const hash = bits(name);
  const fanIn = shape.length > 1 ? shape.slice(1).reduce((a, b) => a * b) : 8 * options.width;
  const [scale, centre] =
    shape.length > 1 || name === 'fc.bias' ? [1 / Math.sqrt(fanIn), 0] : [0.1, /bias|running_mean/.test(name) ? 0 : 1];
  const n = shape.reduce((a, b) => a * b);
  return Float32Array.from({ length: n }, (_, i) => ((hash(i) + 0.5) / 2 ** 31 - 1) * scale + centre);
}

function images(): Uint8Array {
  const patch = bits('patches');
  const pixel = bits('pixels');
  return Uint8Array.from({ length: BATCH * 32 * 32 * 3 }, (_, i) => {
    const [c, x, y, n] = [i % 3, Math.floor(i / 3) % 32, Math.floor(i / 96) % 32, Math.floor(i / 3072)];
    return (3 * (patch(((n * 4 + (y >> 3)) * 4 + (x >> 3)) * 3 + c) >>> 24) + (pixel(i) >>> 24)) >> 2;
  });
}

/** Final minus initial values from the golden file's integers and scales. */
function change(golden: Record<string, NdArray>, name: string): number[] {
  const { data, shape } = golden[name];
  const scale = golden[`scale.${name}`].data as Float32Array;
  const perScale = shape.reduce((a, b) => a * b) / scale.length;
  return Array.from(data as Int8Array, (q, i) => q * scale[Math.floor(i / perScale)]);
}

describe('ResNet-18 trains as PyTorch trains it', () => {
  const own = new Map(parameters(options).map((p) => [p.name, p]));
  const shapes = new Map([...own].map(([name, p]) => [name, torchShape(p)]));
  const values = (name: string) => toTorch(own.get(name)!, state.get(name)).data;
  const state = new State();
  const feeds = { images: images(), labels: Int32Array.from({ length: BATCH }, (_, i) => i % 10) };
  let golden: Record<string, NdArray>;
  const losses: number[] = [];

  beforeAll(async () => {
    golden = await readNpz(join(import.meta.dirname, '../golden/resnet18.npz'));
    for (const [name, shape] of shapes) {
      state.set(name, fromTorch(own.get(name)!, initial(name, shape)));
      state.set(`momentum.${name}`, new Float32Array(state.get(name).length));
    }
    const step = await Program.compile(trainStep(options, BATCH));
    for (const _ of golden.losses.data) {
      const out = await step.run({ ...feeds, learning_rate: Float32Array.of(RATE) }, state);
      losses.push((out.losses as Float32Array).reduce((a, b) => a + b) / BATCH);
    }
    await step.release();
  });

  it('five losses agree to 1e-4', () => {
    expect(losses).toHaveLength(5);
    losses.forEach((loss, i) => {
      const theirs = golden.losses.data[i] as number;
      expect(Math.abs(loss / theirs - 1)).toBeLessThan(1e-4);
    });
  });

  it('every parameter and running statistic has torchvision’s name and shape', () => {
    const theirs = Object.keys(golden).filter((k) => `scale.${k}` in golden);
    expect([...shapes.keys()].sort()).toEqual(theirs.sort());
    for (const [name, shape] of shapes) expect(golden[name].shape, name).toEqual([...shape]);
  });

  it.each([...shapes.keys()])('%s ends within 1e-3 of its norm, and its change within 5 %%', (name) => {
    const start = initial(name, shapes.get(name)!);
    const delta = change(golden, name);
    const theirs = delta.map((d, i) => start[i] + d);
    const off = distance(values(name), theirs);
    expect(off / norm(theirs)).toBeLessThan(1e-3);
    // The change is judged too: five small steps would hide a wrong gradient behind a tensor's norm.
    expect(off / norm(delta)).toBeLessThan(0.05);
  });

  it('evaluation with the running statistics gives the same logits', async () => {
    const program = await Program.compile(probeStep(options, BATCH));
    const { logits } = await program.run({ images: feeds.images }, state);
    await program.release();
    const theirs = golden.logits.data as Float32Array;
    expect(distance(logits as Float32Array, theirs) / norm(theirs)).toBeLessThan(1e-3);
  });
});
