/** A training whose checkpoints are state dicts of PyTorch is analysed as one whose checkpoints are ONNX files of the same networks. */
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readSafetensors } from '../../src/formats/safetensors.js';
import { readTorch } from '../../src/formats/torch.js';
import { asOnnx, savedNetwork } from '../../src/models/state-dict.js';
import { filesByEpoch, layersOfOnnx, traceOfOnnx } from '../../src/trace/onnx-checkpoints.js';

const GOLDEN = join(import.meta.dirname, '../golden/state-dicts');
const OPTIONS = { dataset: 'shapes10', trainLimit: 1200, testLimit: 50, draws: 2, probeSize: 100, nullSplits: 0 };
const NAMES = ['resnet18', 'resnet18-shortcut'];
let box: string;
const values = new Map<string, string>();

beforeAll(async () => {
  box = await mkdtemp(join(tmpdir(), 'ibscope-state-dicts-'));
  for (const folder of ['torch', 'onnx']) await mkdir(join(box, folder));
  for (const [i, name] of NAMES.entries()) {
    const from = join(GOLDEN, `${name}.pt`);
    await copyFile(from, join(box, 'torch', `ckpt_epoch_${9 + i}.pth`));
    const input = { channels: 3, height: 32, width: 32, classes: 10 };
    const { model, layers } = asOnnx(savedNetwork(from, await readTorch(from), input), input);
    await writeFile(join(box, 'onnx', `ckpt_epoch_${9 + i}.onnx`), model);
    values.set(name, layers.get('layer4')!);
  }
});
afterAll(() => rm(box, { recursive: true, force: true }));

describe('a folder of state dicts', () => {
  it('is in the order of its epochs, and lists the layers of its network', async () => {
    const files = [join(box, 'torch')];
    expect([...(await filesByEpoch(files)).keys()]).toEqual([9, 10]);
    const { layers } = await layersOfOnnx({ files, normalization: null }, OPTIONS, {});
    expect(layers.map(({ name, shape }) => [name, ...shape])).toEqual([
      ['layer1', 1, 32, 32],
      ['layer2', 2, 16, 16],
      ['layer3', 4, 8, 8],
      ['layer4', 8, 4, 4],
    ]);
  });

  it('has the probes of the same networks as ONNX files', async () => {
    expect(new Set(values.values()).size).toBe(1);
    const normalization = { mean: [0.5], std: [0.25] };
    for (const [folder, layer] of [
      ['torch', 'layer4'],
      ['onnx', values.get('resnet18')!],
    ])
      await traceOfOnnx(
        { files: [join(box, folder)], layer, normalization },
        OPTIONS,
        join(box, `trace-${folder}`),
        {},
      );
    for (const epoch of ['0009', '0010']) {
      const [a, b] = await Promise.all(
        ['torch', 'onnx'].map((of) =>
          readSafetensors(join(box, `trace-${of}`, 'probes', `epoch-${epoch}.safetensors`)),
        ),
      );
      expect(Object.keys(a.tensors).sort()).toEqual(['logits', 't', 't_mean', 't_noise_free', 't_noise_std']);
      expect(a.tensors).toEqual(b.tensors);
    }
  });

  it('is refused before anything is written where one file does not fit, and for a layer that it has not', async () => {
    const request = { files: [join(box, 'torch')], normalization: null };
    await expect(traceOfOnnx({ ...request, layer: 'layer5' }, OPTIONS, join(box, 'never'), {})).rejects.toThrow(
      /unknown layer of .*ckpt_epoch_9\.pth "layer5": one of layer1, layer2, layer3, layer4\. Did you mean "layer/,
    );
    await copyFile(join(GOLDEN, 'vgg16-double.pt'), join(box, 'torch', 'ckpt_epoch_11.pth'));
    await expect(traceOfOnnx({ ...request, layer: 'layer4' }, OPTIONS, join(box, 'never'), {})).rejects.toThrow(
      /unknown layer of .*ckpt_epoch_11\.pth "layer4": one of stage1, /,
    );
  });
});
