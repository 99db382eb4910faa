/** Narrow convolutions in blocks of channels: a convolution counted out in double precision, and every model as without blocks. */
import { describe, expect, it } from 'vitest';
import { Rng } from '../../src/base/random.js';
import { topological } from '../../src/engine/autodiff.js';
import { blockSize } from '../../src/engine/block-size.js';
import { inBlocks } from '../../src/engine/in-blocks.js';
import * as e from '../../src/engine/index.js';
import { findModel } from '../../src/models/index.js';
import { type ImageGraphOptions, imageGradientStep, parameters, probeStep } from '../../src/training/graphs.js';
import { distance, furthest, norm, uniform } from '../models/helpers.js';

const block = await blockSize();
const kinds = (outputs: Record<string, e.Tensor>) => topological(Object.values(outputs)).map((t) => t.op.name);

/** relu(scale·conv(x, w) + bias + skip) by its definition: x [h, w, n, i], w [k, k, i, o]. */
function counted(x: Float64Array, w: Float64Array, [h, wd, n, i]: number[], [k, , , o]: number[], stride: number) {
  const p = (k - 1) / 2;
  const [h2, w2] = [h, wd].map((s) => Math.floor((s + 2 * p - k) / stride) + 1);
  const y = new Float64Array(h2 * w2 * n * o);
  for (let r = 0; r < h2; r++)
    for (let c = 0; c < w2; c++)
      for (let m = 0; m < n; m++)
        for (let d = 0; d < k * k; d++) {
          const [row, column] = [r * stride + Math.floor(d / k) - p, c * stride + (d % k) - p];
          if (row < 0 || column < 0 || row >= h || column >= wd) continue;
          for (let a = 0; a < i; a++)
            for (let b = 0; b < o; b++)
              y[((r * w2 + c) * n + m) * o + b] += x[((row * wd + column) * n + m) * i + a] * w[(d * i + a) * o + b];
        }
  return y;
}

describe.skipIf(block === 0)(`blocks of ${block} channels`, () => {
  it.each([
    { i: 16, o: 32, k: 3, stride: 1, size: 6 },
    { i: 32, o: 16, k: 3, stride: 2, size: 7 },
    { i: 16, o: 16, k: 1, stride: 2, size: 8 },
    { i: 3, o: 16, k: 3, stride: 1, size: 5 },
    { i: 1, o: 32, k: 3, stride: 2, size: 6 },
  ])('a convolution of $i to $o channels, kernel $k, stride $stride, is the sum of its products', async (a) => {
    const from = [a.size, a.size + 1, 3, a.i];
    const kernel = [a.k, a.k, a.i, a.o];
    const values = (name: string, shape: number[]) => uniform(name, e.sizeOf(shape)).map(Math.fround);
    const [x, w] = [values('x', from), values('w', kernel)];
    const y = e.conv2d(e.input('x', from), e.input('w', kernel), a.stride, (a.k - 1) / 2);
    const { mean, variance } = { mean: values('m', [a.o]), variance: values('v', [a.o]).map((v) => v * v + 0.5) };
    const normalised = e.batchNormInference(
      e.channelAdd(y, e.constant(Float32Array.from(values('bias', [a.o])))),
      e.constant(Float32Array.from(values('gamma', [a.o]))),
      e.constant(Float32Array.from(values('beta', [a.o]))),
      e.constant(Float32Array.from(mean)),
      e.constant(Float32Array.from(variance)),
    );
    const skip = values('skip', [...y.shape]);
    const out = { out: e.relu(e.add(normalised, e.input('skip', y.shape))) };
    const rewritten = kinds(inBlocks(out, block));
    expect(rewritten).toContain('blockConv');
    // Batch norm, the other branch and ReLU are part of the convolution.
    expect(rewritten).not.toContain('relu');
    const program = await e.Program.compile({ outputs: out });
    const feeds = { x: Float32Array.from(x), w: Float32Array.from(w), skip: Float32Array.from(skip) };
    const found = (await program.run(feeds)).out;
    await program.release();
    const [gamma, beta, bias] = ['gamma', 'beta', 'bias'].map((name) => values(name, [a.o]));
    const expected = counted(x, w, from, kernel, a.stride).map((v, at) => {
      const c = at % a.o;
      const away = (v + bias[c] - mean[c]) / Math.sqrt(variance[c] + 1e-5);
      return Math.max(0, gamma[c] * away + beta[c] + skip[at]);
    });
    expect(found.length).toBe(expected.length);
    expect(furthest(found as Float32Array, expected)).toBeLessThan(2e-5);
  });

  const options = (model: string, width: number, channels = 3): ImageGraphOptions => ({
    model: findModel(model),
    width,
    classes: 10,
    height: 32,
    imageWidth: 32,
    channels,
    noiseStd: 0.4,
    momentum: 0.9,
    weightDecay: 0,
  });

  it.each([
    ['resnet10', 16, 3],
    ['resnet18', 16, 1],
    ['preact-resnet18', 16, 3],
    ['vgg16', 16, 3],
  ] as const)(
    '%s of width %i on %i channels gives what it gives without blocks, noise included',
    async (name, width, c) => {
      const o = options(name, width, c);
      const n = 6;
      const rng = new Rng(5, name);
      const state = new e.State();
      for (const p of parameters(o)) {
        const initial = p.initial(rng);
        state.set(p.name, p.tensor.rank === 1 ? initial.map((v) => v + rng.uniform(0, 0.5)) : initial);
      }
      const feeds = {
        images: Uint8Array.from({ length: n * 1024 * c }, () => rng.int(256)),
        labels: Int32Array.from({ length: n }, (_, i) => i),
      };
      const { outputs } = probeStep(o, n);
      expect(kinds(inBlocks(outputs, block)).filter((kind) => kind === 'blockConv').length).toBeGreaterThan(2);
      const [without, within] = await Promise.all(
        [0, block].map(async (b) => {
          const bank = new e.NoiseBank(o.noiseStd, n * width * 1024, new Rng(0, 'noise'));
          const program = await e.Program.compile({ outputs }, { block: b, threads: 1 });
          const result = await program.run(feeds, state, bank);
          await program.release();
          return result;
        }),
      );
      for (const key of Object.keys(outputs)) {
        const [a, b] = [without[key], within[key]] as Float32Array[];
        const scale = a.reduce((m, v) => Math.max(m, Math.abs(v)), 0);
        expect(furthest(a, b) / scale, key).toBeLessThan(1e-5);
      }
    },
  );

  it.each(['resnet10', 'preact-resnet18', 'vgg16'])(
    'the gradient of images through %s is that without blocks',
    async (name) => {
      const o = { ...options(name, 16), noiseStd: 0 };
      const n = 4;
      const rng = new Rng(6, name);
      const state = new e.State();
      for (const p of parameters(o)) state.set(p.name, p.initial(rng));
      const feeds = {
        images: Float32Array.from({ length: n * 3072 }, () => rng.uniform(0, 1)),
        labels: Int32Array.from({ length: n }, (_, i) => i),
      };
      const { outputs } = imageGradientStep(o, n);
      // One block convolution for a narrow convolution forward, and one backward where its stride is 1.
      expect(kinds(inBlocks(outputs, block)).filter((kind) => kind === 'blockConv').length).toBeGreaterThan(6);
      const [without, within] = await Promise.all(
        [0, block].map(async (b) => {
          const program = await e.Program.compile({ outputs }, { block: b, threads: 1 });
          const { gradient } = await program.run(feeds, state);
          await program.release();
          return gradient as Float32Array;
        }),
      );
      expect(norm(without)).toBeGreaterThan(0);
      expect(distance(without, within) / norm(without)).toBeLessThan(1e-5);
    },
  );

  it('leaves a graph with gradients of kernels, and one that is wide, as they are', () => {
    const w = e.input('w', [3, 3, 16, 16]);
    const loss = e.sum(e.conv2d(e.input('x', [4, 4, 1, 16]), w, 1, 1));
    const gradient = { dw: e.gradients(loss, [w])[0] };
    expect(inBlocks(gradient, block)).toBe(gradient);
    const wide = { y: e.conv2d(e.input('x', [4, 4, 1, 64]), e.input('w', [3, 3, 64, 64]), 1, 1) };
    expect(inBlocks(wide, block)).toBe(wide);
  });
});
