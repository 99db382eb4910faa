import { mkdtempSync, rmSync } from 'node:fs';
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
import { hasTorch, pythonFile } from '../python.js';

const [CLASSES, N, WIDTH] = [10, 20, 4];
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

/** Images [n, c, h, w] in [0, 1]. */
function planes({ images, height, width, channels }: ImageSet, n: number): Float32Array {
  const pixels = height * width;
  return Float32Array.from({ length: n * channels * pixels }, (_, i) => {
    const [image, c, p] = [Math.floor(i / channels / pixels), Math.floor(i / pixels) % channels, i % pixels];
    return images[(image * pixels + p) * channels + c] / 255;
  });
}

describe('a model as an ONNX file', () => {
  it.each(models.flatMap(({ name }) => [[name, 32, 3] as const, [name, 28, 1] as const]))(
    '%s for %i pixels and %i channels gives other runtimes the same outputs, at any batch size',
    async (name, size, channels) => {
      const { trainer, data } = await trained(name, size, channels);
      const expected = await trainer.noiseFree(data);
      const file = trainer.onnx();
      await trainer.release();
      const text = Buffer.from(file).toString('latin1');
      expect(text).not.toContain('com.microsoft');
      if (name !== 'vit') expect(text).toContain('Conv');
      const session = await ort.InferenceSession.create(file, { logSeverityLevel: 3 });
      expect(session.inputNames).toEqual(['images']);
      expect(session.outputNames).toEqual(['logits', 'representation']);
      const d = expected.length / N;
      for (const n of [1, 5, N]) {
        const images = new ort.Tensor('float32', planes(data, n), [n, channels, size, size]);
        const out = await session.run({ images });
        expect(out.logits.dims).toEqual([n, CLASSES]);
        expect(out.representation.dims).toEqual([n, d]);
        const scale = Math.max(...expected.map(Math.abs));
        expect(furthest(out.representation.data as Float32Array, expected.subarray(0, n * d)) / scale).toBeLessThan(
          1e-4,
        );
      }
      await session.release();
    },
  );
});

describe('weights as a safetensors file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ibscope-export-'));
  const names = models.map(({ name }) => name);

  it.each(names)('%s: come back into a new trainer, bit by bit', async (name) => {
    const { trainer, data } = await trained(name, 32, 3);
    const path = join(folder, `${name}.safetensors`);
    await writeSafetensors(path, asTensors(trainer.weights()));
    const other = (await trained(name, 32, 3)).trainer;
    other.load((await readSafetensors(path)).tensors as unknown as Record<string, Weights>);
    expect(await other.noiseFree(data)).toEqual(await trainer.noiseFree(data));
    const [first] = Object.entries(trainer.weights());
    expect(() => other.load({ [first[0]]: { data: first[1].data, shape: [1, 2] } })).toThrow(`${first[0]} is [1,2]`);
    expect(encodeSafetensors(asTensors(other.weights()))).toEqual(encodeSafetensors(asTensors(trainer.weights())));
    await Promise.all([trainer.release(), other.release()]);
  });

  const torch = hasTorch ? it : it.skip;
  torch.each(names)(
    `%s: load_state_dict takes them, and PyTorch gives the same logits${hasTorch ? '' : ' (skipped, needs PyTorch)'}`,
    async (name) => {
      const { trainer, data } = await trained(name, 32, 3);
      const path = join(folder, `${name}-images.safetensors`);
      const images = planes(data, N);
      await writeSafetensors(path, { ...asTensors(trainer.weights()), images: tensor(images, [N, 3, 32, 32]) });
      const script = join(import.meta.dirname, '../golden/load_state.py');
      const theirs = (pythonFile(script, name, String(WIDTH), path) as number[][]).flat();
      const session = await ort.InferenceSession.create(trainer.onnx(), { logSeverityLevel: 3 });
      const { logits } = await session.run({ images: new ort.Tensor('float32', images, [N, 3, 32, 32]) });
      expect(furthest(logits.data as Float32Array, theirs)).toBeLessThan(1e-4 * Math.max(1, ...theirs.map(Math.abs)));
      await Promise.all([trainer.release(), session.release()]);
    },
  );

  afterAll(() => rmSync(folder, { recursive: true, force: true }));
});
