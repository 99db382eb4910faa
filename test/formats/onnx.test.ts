/** Changing others' ONNX models: against PyTorch-free truth, the model's own arithmetic. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as ort from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { UserError } from '../../src/base/errors.js';
import { Rng } from '../../src/base/random.js';
import { resolveConfig } from '../../src/config/resolve.js';
import { trainingConfig } from '../../src/config/training.js';
import { BEFORE, NOISE, onnxOutline, withNoise } from '../../src/formats/onnx.js';
import { layersOf } from '../../src/models/foreign.js';
import { Trainer } from '../../src/training/trainer.js';

const images = {
  images: new Uint8Array(2 * 3072).map((_, i) => (i * 37) % 256),
  n: 2,
  height: 32,
  width: 32,
  channels: 3,
};
const set = { ...images, labels: Int32Array.of(0, 1), poisoned: new Uint8Array(2) };
const trainer = new Trainer(
  { ...trainingConfig(resolveConfig({ width: 2 })), noiseStd: 0 },
  { classes: 4, train: set, test: set, triggered: null },
);
const model = trainer.onnx();
const outline = onnxOutline('m.onnx', model);

describe('an ONNX model', () => {
  it('is outlined: what it takes, what it gives, what it consists of', () => {
    expect(outline.inputs).toEqual([{ name: outline.inputs[0].name, float: true, shape: [null, 3, 32, 32] }]);
    expect(outline.outputs).toContain('logits');
    expect(outline.nodes.map((n) => n.op)).toContain('Conv');
  });

  it('gets noise at one value: that value is the one before plus the noise, and logits follow by the rest of the model', async () => {
    const input = outline.inputs[0].name;
    const x = new ort.Tensor(
      'float32',
      Float32Array.from(images.images.subarray(0, 3072), (v) => v / 255),
      [1, 3, 32, 32],
    );
    const plain = await (await ort.InferenceSession.create(model)).run({ [input]: x });
    // The last layer: logits are linear in what it reads, so that noise moves them by the weights alone.
    const value = 'representation';
    const noisy = await ort.InferenceSession.create(withNoise('m.onnx', model, value));
    const width = 16;
    const run = async (noise: Float32Array) =>
      noisy.run({ [input]: x, [NOISE]: new ort.Tensor('float32', noise, [1, width]) });
    const silent = await run(new Float32Array(width));
    expect(silent.logits.data).toEqual(plain.logits.data);
    const noise = new Rng(1, 'noise').normals(width);
    const moved = await run(noise);
    const [before, after] = [value + BEFORE, value].map((name) => moved[name].data as Float32Array);
    after.forEach((v, i) => {
      expect(v).toBeCloseTo(before[i] + noise[i], 5);
    });
    const { shape, data } = trainer.weights()['fc.weight'];
    expect(shape).toEqual([4, width]);
    (moved.logits.data as Float32Array).forEach((v, k) => {
      const shift = noise.reduce((sum, e, j) => sum + e * (data as Float32Array)[k * width + j], 0);
      expect(v).toBeCloseTo((silent.logits.data as Float32Array)[k] + shift, 4);
    });
  });

  it('names modules by the words of exporters, nested ones by their path, each by its last value', () => {
    const node = (name: string, op: string) => ({ name, op, inputs: [], outputs: [`${name}_output_0`] });
    const nodes = [
      node('/conv1/Conv', 'Conv'),
      node('/layer1/layer1.0/conv1/Conv', 'Conv'),
      node('/layer1/layer1.0/relu/Relu', 'Relu'),
      node('/layer1/layer1.0/downsample/downsample.0/Conv', 'Conv'),
      node('/layer1/layer1.0/Add', 'Add'),
      node('/layer1/layer1.1/relu/Relu', 'Relu'),
      node('/ReduceMean', 'ReduceMean'),
      node('/layer1/Constant', 'Constant'),
    ];
    const layers = layersOf({ nodes });
    const names = ['conv1', 'layer1', 'layer1.0', 'layer1.0.conv1', 'layer1.0.downsample', 'layer1.0.downsample.0'];
    expect(layers.map((l) => l.name).sort()).toEqual([...names, 'layer1.0.relu', 'layer1.1', 'layer1.1.relu']);
    const outputOf = (name: string) => layers.find((l) => l.name === name)!.value;
    expect(outputOf('layer1')).toBe('/layer1/layer1.1/relu/Relu_output_0');
    expect(outputOf('layer1.0')).toBe('/layer1/layer1.0/Add_output_0');
  });

  it('that was damaged is refused in one line, or read: 400 corruptions', () => {
    const rng = new Rng(7, 'damage');
    for (let trial = 0; trial < 400; trial++) {
      const bytes = Uint8Array.from(model);
      if (trial % 4 === 0) bytes.fill(255, Math.floor(rng.uniform() * bytes.length), bytes.length);
      for (let k = 0; k < 1 + (trial % 5); k++) {
        // Most of a file is weights; its outline lies at both ends.
        const span = k % 2 ? 4000 : bytes.length;
        bytes[Math.floor(rng.uniform() * span)] = Math.floor(rng.uniform() * 256);
      }
      const cut = trial % 3 === 0 ? bytes.subarray(0, Math.floor(rng.uniform() * bytes.length)) : bytes;
      try {
        onnxOutline('m.onnx', cut);
      } catch (error) {
        expect(error).toBeInstanceOf(UserError);
        expect((error as Error).message).toMatch(/^m\.onnx: [^\n]+$/);
      }
    }
  });

  it('whose weights lie in other files is refused: no path in it is followed', () => {
    // ModelProto { graph 7 { initializer 5 { name 8: "w", data_location 14: EXTERNAL } } }
    const initializer = [8 * 8 + 2, 1, 119, 14 * 8, 1];
    const graph = [5 * 8 + 2, initializer.length, ...initializer];
    expect(() => onnxOutline('m.onnx', Uint8Array.from([7 * 8 + 2, graph.length, ...graph]))).toThrow(
      'm.onnx: its weights are in other files, which are not read; export it as one file',
    );
  });

  const golden = (name: string) => {
    const file = `${name}.onnx`;
    return onnxOutline(file, new Uint8Array(readFileSync(join(import.meta.dirname, '../golden/onnx', file))));
  };

  it.each(['eval', 'eval-13'])('that PyTorch exported for evaluation is read, its batch norm included: %s', (name) => {
    expect(golden(name).nodes.map((n) => n.op)).toContain('BatchNormalization');
  });

  it.each(['batch-norm-11', 'batch-norm-13', 'batch-norm-14', 'batch-norm-15', 'dropout-14', 'both-15'])(
    'that PyTorch exported in training mode is refused, with its node: %s',
    (name) => {
      const op = name.startsWith('batch') ? 'BatchNormalization' : 'Dropout';
      expect(() => golden(name)).toThrow(
        new RegExp(
          `^${name}\\.onnx: it was exported in training mode, as its node "/2/${op}" \\(${op}\\) says; export it`,
        ),
      );
    },
  );

  it.each(['float16', 'bfloat16'])('whose weights are %s is refused by that name', (kind) => {
    expect(() => golden(kind)).toThrow(
      new RegExp(
        `^${kind}\\.onnx: its weights are ${kind} \\("[^"]+"\\); float32 is read: export it after model\\.float\\(\\)$`,
      ),
    );
  });
});
