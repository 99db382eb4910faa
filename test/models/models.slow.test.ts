import { describe, expect, it } from 'vitest';
import { Rng } from '../../src/base/random.js';
import { topological } from '../../src/engine/autodiff.js';
import { input, NoiseBank, Program, State, type Tensor } from '../../src/engine/index.js';
import { findModel, Layers, type Mode } from '../../src/models/index.js';
import {
  type ImageGraphOptions,
  imageGradientStep,
  parameters,
  probeStep,
  trainStep,
} from '../../src/training/graphs.js';

const WIDTH = 4;
const CLASSES = 10;
const D = 8 * WIDTH;

const isNoise = (t: Tensor) => t.attributes.role === 'noise';

function forward(name: string, mode: Mode, noiseStd: number) {
  const x = input('x', [32, 32, 2, 3]);
  return findModel(name).forward(new Layers(mode, noiseStd), x, { classes: CLASSES, width: WIDTH });
}

/** Before each noise: the operator whose result it is added to. */
const noisy = (root: Tensor) => topological([root]).filter((t) => t.inputs[1] && isNoise(t.inputs[1]));

describe('noise stands where the model says', () => {
  it.each<[string, string, string[]]>([
    ['resnet10', 'after both ReLUs of 4 blocks and on the pooled features', [...Array(8).fill('relu'), 'spatialMean']],
    ['vgg16', 'after 13 ReLUs and on the pooled features', [...Array(13).fill('relu'), 'spatialMean']],
    ['preact-resnet18', 'after 17 ReLUs and on the pooled features', [...Array(17).fill('relu'), 'spatialMean']],
    [
      'vit',
      'after each GELU, between blocks, after the last layer norm and before the classifier',
      [...Array(5).fill(['mul', 'add']).flat(), 'mul', 'layerNorm', 'add'],
    ],
  ])('%s: %s', (name, _where, before) => {
    for (const mode of ['train', 'eval'] as const)
      expect(noisy(forward(name, mode, 0.4).logits).map((t) => t.inputs[0].op.name)).toEqual(before);
  });

  it.each(['resnet10', 'vgg16', 'preact-resnet18', 'vit'])(
    '%s: T sees all but the last, T̄ all but the last two',
    (name) => {
      const { logits, representation, representationMean } = forward(name, 'eval', 0.4);
      const [all, ofT, ofMean] = [logits, representation, representationMean].map((t) => noisy(t).length);
      expect([ofT, ofMean]).toEqual([all - 1, all - 2]);
    },
  );

  it.each(['vgg16', 'preact-resnet18', 'vit'])('%s: γ = 0 needs none', (name) => {
    expect(topological([forward(name, 'train', 0).logits]).some(isNoise)).toBe(false);
  });
});

const BATCH = 24;

/** A model with its initial parameters, and programs that run it on random images of a size. */
function fresh(name: string, height: number, imageWidth: number, channels: number, noiseStd: number) {
  const shape = { height, imageWidth, channels };
  const model = findModel(name);
  const options: ImageGraphOptions = {
    model,
    width: WIDTH,
    classes: CLASSES,
    ...shape,
    noiseStd,
    momentum: 0.9,
    weightDecay: 5e-4,
  };
  const state = new State();
  const rng = new Rng(1, 'weights');
  for (const p of parameters(options)) {
    state.set(p.name, p.initial(rng));
    state.set(`momentum.${p.name}`, new Float32Array(p.tensor.size));
  }
  const images = Uint8Array.from({ length: BATCH * height * imageWidth * channels }, () => rng.int(256));
  const labels = Int32Array.from({ length: BATCH }, (_, i) => i % CLASSES);
  const bank = new NoiseBank(noiseStd, 1, new Rng(1, 'noise'), 1 << 20);
  return { options, state, images, labels, bank };
}

async function probe(
  name: string,
  height: number,
  imageWidth: number,
  channels: number,
  noiseStd: number,
  layer?: string,
) {
  const { options, state, images, bank } = fresh(name, height, imageWidth, channels, noiseStd);
  const spec = probeStep(options, BATCH, layer);
  const program = await Program.compile(spec, { threads: 1 });
  const off: number[] = [];
  for (let pass = 0; pass < 4; pass++) {
    const { representation, representationMean } = await program.run({ images }, state, bank);
    for (let i = 0; i < representation.length; i++) off.push(Number(representation[i]) - Number(representationMean[i]));
  }
  await program.release();
  return { off, stated: spec.representationNoise, columns: off.length / 4 / BATCH };
}

describe('T is T̄ with Gaussian noise of the stated standard deviation', () => {
  it.each<[string, string, number, number]>([
    ['resnet18', 'layer1', WIDTH, 0.4 / 32],
    ['resnet18', 'layer3', 4 * WIDTH, 0.4 / 8],
    ['vgg16', 'stage2', 2 * WIDTH, 0.4 / 8],
    ['vit', 'block2', D, 0.4],
  ])('%s at %s', async (name, layer, width, expected) => {
    const { off, stated, columns } = await probe(name, 32, 32, 3, 0.4, layer);
    expect(columns).toBe(width);
    expect(stated).toBeCloseTo(expected, 12);
    const std = Math.sqrt(off.reduce((s, v) => s + v * v, 0) / off.length);
    expect(Math.abs(std / stated - 1)).toBeLessThan(4 / Math.sqrt(2 * off.length));
  });

  it.each<[string, number, number]>([
    ['vgg16', 32, 0.4],
    ['vgg16', 28, 0.4],
    ['vgg16', 64, 0.4 / 2],
    ['preact-resnet18', 32, 0.4 / 4],
    ['preact-resnet18', 64, 0.4 / 8],
    ['vit', 32, 0.4],
    ['vit', 64, 0.4],
  ])('%s on %i pixels: %f', async (name, size, expected) => {
    const { off, stated, columns } = await probe(name, size, size, 3, 0.4);
    expect(columns).toBe(D);
    expect(stated).toBeCloseTo(expected, 12);
    const n = off.length;
    const mean = off.reduce((s, v) => s + v, 0) / n;
    const std = Math.sqrt(off.reduce((s, v) => s + v * v, 0) / n);
    // Four standard errors of a mean, of a standard deviation and of a fourth moment.
    expect(Math.abs(mean)).toBeLessThan((4 * stated) / Math.sqrt(n));
    expect(Math.abs(std / stated - 1)).toBeLessThan(4 / Math.sqrt(2 * n));
    const kurtosis = off.reduce((s, v) => s + (v / stated) ** 4, 0) / n;
    expect(Math.abs(kurtosis - 3)).toBeLessThan(4 * Math.sqrt(96 / n));
  });

  it.each(['vgg16', 'preact-resnet18', 'vit'])('%s: without noise T is T̄', async (name) => {
    const { off, stated } = await probe(name, 32, 32, 3, 0);
    expect(stated).toBe(0);
    expect(off.every((v) => v === 0)).toBe(true);
  });
});

describe('images of other sizes', () => {
  const sizes: [number, number, number][] = [
    [28, 28, 1],
    [64, 64, 3],
    [30, 37, 3],
  ];
  it.each(['vgg16', 'preact-resnet18', 'vit'].flatMap((name) => sizes.map((s) => [name, ...s] as const)))(
    '%s trains on %i×%i×%i',
    async (name, height, width, channels) => {
      const { options, state, images, labels, bank } = fresh(name, height, width, channels, 0.4);
      const step = await Program.compile(trainStep(options, BATCH), { threads: 1 });
      const feeds = { images, labels, learning_rate: Float32Array.of(0.01) };
      for (const _ of [0, 1]) {
        const { losses } = await step.run(feeds, state, bank);
        expect(Array.from(losses, Number).every(Number.isFinite)).toBe(true);
      }
      await step.release();
      expect(state.names().length).toBeGreaterThan(10);
      for (const key of state.names()) expect(state.get(key).every(Number.isFinite), key).toBe(true);
    },
  );

  it.each([
    ['vgg16', 29, 29],
    ['vit', 30, 30],
  ])('%s reads the last pixel of an image of %i×%i', async (name, height, width) => {
    const { options, state, images } = fresh(name, height, width, 1, 0);
    const program = await Program.compile(probeStep(options, BATCH), { threads: 1 });
    const before = Float32Array.from((await program.run({ images }, state)).representation as Float32Array);
    const changed = images.slice();
    for (let i = 1; i <= BATCH; i++) changed[i * height * width - 1] ^= 128;
    const after = (await program.run({ images: changed }, state)).representation as Float32Array;
    await program.release();
    for (let r = 0; r < BATCH; r++)
      expect(before.subarray(r * D, (r + 1) * D)).not.toEqual(after.subarray(r * D, (r + 1) * D));
  });
});

describe('an attack can follow the loss back to the image', () => {
  it.each(['vgg16', 'preact-resnet18', 'vit'])('%s', async (name) => {
    const { options, state, labels } = fresh(name, 30, 30, 3, 0);
    // Untrained running statistics shrink a signal layer by layer until its change is lost to rounding.
    for (const key of state.names()) if (key.endsWith('running_var')) state.get(key).fill(0.1);
    const program = await Program.compile(imageGradientStep(options, BATCH), { threads: 1 });
    const size = 30 * 30 * 3;
    const images = new Rng(4, 'images').normals(BATCH * size, 0.1).map((v) => v + 0.5);
    const { gradient, losses } = await program.run({ images, labels }, state);
    const before = Array.from(losses, Number);
    const h = 1e-2;
    // One step along each image's own gradient, of length h.
    const lengths = Array.from({ length: BATCH }, (_, r) =>
      Math.hypot(...Array.from(gradient.subarray(r * size, (r + 1) * size), Number)),
    );
    const moved = images.map((v, i) => v + (h * Number(gradient[i])) / lengths[Math.floor(i / size)]);
    const after = Array.from((await program.run({ images: moved, labels }, state)).losses, Number);
    await program.release();
    const rise = after.reduce((s, v, r) => s + v - before[r], 0);
    const expected = h * lengths.reduce((a, b) => a + b, 0);
    expect(Math.abs(rise / expected - 1)).toBeLessThan(0.05);
  });
});
