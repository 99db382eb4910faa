import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as ort from 'onnxruntime-node';
import { afterAll, describe, expect, it } from 'vitest';
import { Rng } from '../../src/base/random.js';
import type { ImageSet } from '../../src/datasets/types.js';
import {
  asTensors,
  encodeSafetensors,
  readSafetensors,
  tensor,
  writeSafetensors,
} from '../../src/formats/safetensors.js';
import { models, type Weights } from '../../src/models/index.js';
import { Trainer } from '../../src/training/trainer.js';
import { furthest } from '../models/helpers.js';
import { hasOnnx, hasTorch, pythonFile } from '../python.js';

const [CLASSES, N, WIDTH] = [10, 20, 4];
/** The transformer that reads texts: test/training/texts.test.ts. */
const ofImages = models.filter((m) => m.reads !== 'texts');
const rng = new Rng(0, 'export');

function set(size: number, channels: number): ImageSet & { poisoned: Uint8Array } {
  const images = Uint8Array.from({ length: N * size * size * channels }, () => rng.int(256));
  const labels = Int32Array.from({ length: N }, (_, i) => i % CLASSES);
  return { images, labels, n: N, height: size, width: size, channels, poisoned: new Uint8Array(N) };
}

/** A trainer after one epoch, so that running statistics are no longer what they began as. */
async function trained(name: string, size: number, channels: number) {
  const data = set(size, channels);
  const config = {
    model: models.find((m) => m.name === name)!,
    width: WIDTH,
    epochs: 1,
    batchSize: 10,
    learningRate: 0.01,
    momentum: 0.9,
    weightDecay: 0,
    schedule: 'constant' as const,
    noiseStd: 0.1,
    seed: 0,
  };
  const trainer = new Trainer(config, { classes: CLASSES, train: data, test: data, triggered: null }, { threads: 1 });
  while (!(await trainer.step()));
  return { trainer, data };
}

/** What a trainer's model makes of its images without noise. */
async function noiseFree(trainer: Trainer) {
  const silent = new Trainer({ ...trainer.config, noiseStd: 0 }, trainer.data, { threads: 1 });
  silent.load(trainer.weights());
  const [{ logits, representation }] = await silent.probe(trainer.data.train, 1);
  await silent.release();
  return { logits, representation };
}

/** Images [n, c, h, w] in [0, 1]. */
function planes({ images, height, width, channels }: ImageSet, n: number): Float32Array {
  const pixels = height * width;
  return Float32Array.from({ length: n * channels * pixels }, (_, i) => {
    const [image, c, p] = [Math.floor(i / channels / pixels), Math.floor(i / pixels) % channels, i % pixels];
    return images[(image * pixels + p) * channels + c] / 255;
  });
}

const folder = mkdtempSync(join(tmpdir(), 'ibscope-export-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const golden = (name: string) => join(import.meta.dirname, '../golden', name);

describe('a model as an ONNX file', () => {
  it.each(ofImages.flatMap(({ name }) => [[name, 32, 3] as const, [name, 28, 1] as const]))(
    '%s for %i pixels and %i channels gives other runtimes the same outputs, at any batch size',
    async (name, size, channels) => {
      const { trainer, data } = await trained(name, size, channels);
      const expected = await noiseFree(trainer);
      const file = trainer.onnx();
      await trainer.release();
      const text = Buffer.from(file).toString('latin1');
      expect(text).not.toContain('com.microsoft');
      if (name !== 'vit') expect(text).toContain('Conv');
      const session = await ort.InferenceSession.create(file, { logSeverityLevel: 3 });
      expect(session.inputNames).toEqual(['images']);
      expect(session.outputNames).toEqual(['logits', 'representation']);
      for (const n of [1, 5, N]) {
        const images = new ort.Tensor('float32', planes(data, n), [n, channels, size, size]);
        const out = await session.run({ images });
        for (const key of ['logits', 'representation'] as const) {
          const d = expected[key].length / N;
          expect(out[key].dims).toEqual([n, d]);
          const scale = Math.max(1, ...expected[key].map(Math.abs));
          expect(furthest(out[key].data as Float32Array, expected[key].subarray(0, n * d))).toBeLessThan(1e-4 * scale);
        }
      }
      await session.release();
    },
  );

  const convolutional = (convolutions: number, more: Record<string, number>) => ({
    Conv: convolutions,
    Transpose: 1, // of the classifier's weights
    GlobalAveragePool: 1,
    Flatten: 1,
    MatMul: 1,
    ...more,
  });
  const onnx = hasOnnx ? it : it.skip;
  onnx.each([
    ['resnet18', convolutional(20, { BatchNormalization: 20, Relu: 17, Add: 9 })],
    ['preact-resnet18', convolutional(20, { BatchNormalization: 17, Relu: 17, Add: 9 })],
    ['vgg16', convolutional(13, { BatchNormalization: 13, Relu: 13, Add: 14, Reshape: 13, MaxPool: 5 })],
    ['vit', undefined],
  ])(
    `%s: onnx finds it correct, and in plain operators${hasOnnx ? '' : ' (skipped, needs the onnx package)'}`,
    async (name, operators) => {
      const { trainer } = await trained(name, 32, 3);
      const path = join(folder, `${name}.onnx`);
      writeFileSync(path, trainer.onnx());
      const found = pythonFile(golden('check_onnx.py'), path) as Record<string, Record<string, unknown>>;
      expect(found).toMatchObject({ opset: [18], domains: [] });
      if (operators) expect(found.operators).toEqual(operators);
      expect(found.values).toEqual({
        images: ['batch', 3, 32, 32],
        logits: ['batch', CLASSES],
        representation: ['batch', 8 * WIDTH],
      });
      const weights = Object.entries(trainer.weights());
      expect(weights.length).toBeGreaterThan(10);
      for (const [weight, { shape }] of weights) expect(found.weights[weight]).toEqual(shape);
      await trainer.release();
    },
  );
});

describe('weights as a safetensors file', () => {
  const names = ofImages.map(({ name }) => name);

  it.each(names)('%s: come back into a new trainer, bit by bit', async (name) => {
    const { trainer, data } = await trained(name, 32, 3);
    const path = join(folder, `${name}.safetensors`);
    await writeSafetensors(path, asTensors(trainer.weights()));
    const other = (await trained(name, 32, 3)).trainer;
    other.load((await readSafetensors(path)).tensors as unknown as Record<string, Weights>);
    expect(await other.noiseFree(data)).toEqual(await trainer.noiseFree(data));
    const [first] = Object.entries(trainer.weights());
    expect(() => other.load({ [first[0]]: { data: first[1].data, shape: [1, 2] } })).toThrow(`${first[0]} is [1,2]`);
    const double = { ...first[1], data: Float64Array.from(first[1].data) as unknown as Float32Array };
    expect(() => other.load({ [first[0]]: double })).toThrow(`${first[0]} is not float32`);
    expect(encodeSafetensors(asTensors(other.weights()))).toEqual(encodeSafetensors(asTensors(trainer.weights())));
    await Promise.all([trainer.release(), other.release()]);
  });

  const torch = hasTorch ? it : it.skip;
  torch.each(names)(
    `%s: PyTorch takes them and gives the same logits, and the other way round${hasTorch ? '' : ' (skipped, needs PyTorch)'}`,
    async (name) => {
      const { trainer, data } = await trained(name, 32, 3);
      const path = join(folder, `${name}-images.safetensors`);
      const images = planes(data, N);
      await writeSafetensors(path, { ...asTensors(trainer.weights()), images: tensor(images, [N, 3, 32, 32]) });
      const changed = join(folder, `${name}-changed.safetensors`);
      const theirs = pythonFile(golden('load_state.py'), name, String(WIDTH), path, changed) as Record<
        string,
        number[][]
      >;
      const same = async (expected: number[]) => {
        const scale = Math.max(1, ...expected.map(Math.abs));
        expect(furthest((await noiseFree(trainer)).logits, expected)).toBeLessThan(1e-4 * scale);
      };
      await same(theirs.loaded.flat());
      trainer.load((await readSafetensors(changed)).tensors as unknown as Record<string, Weights>);
      await same(theirs.changed.flat());
      await trainer.release();
    },
  );
});
