/** State dicts that PyTorch saved, under the names and wrappers of others (`test/golden/state_dicts.py`): features and logits against PyTorch’s. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { NdArray } from '../../src/formats/npy.js';
import type { PickleValue } from '../../src/formats/pickle.js';
import { readTorch } from '../../src/formats/torch.js';
import { savedNetwork } from '../../src/models/state-dict.js';
import { expectPyTorchs, INPUT, MODELS } from './state-dicts.js';

const GOLDEN = join(import.meta.dirname, '../golden/state-dicts');

describe('a state dict', () => {
  it.each(Object.keys(MODELS))('%s: features and logits are PyTorch’s to 1e-4', (name) => expectPyTorchs(GOLDEN, name));

  it.each<[string, (state: Map<PickleValue, PickleValue>) => PickleValue, RegExp]>([
    [
      'another network',
      () => new Map([['encoder.0.weight', weight([4, 3, 3, 3])]]),
      /"encoder\.0\.weight" is of no network that is known; weights of ResNet-18, /,
    ],
    [
      'the stem of ImageNet',
      (s) => s.set('conv1.weight', weight([1, 3, 7, 7])),
      /"conv1\.weight" is \(1,3,7,7\); \(1,3,3,3\) is expected of resnet18 for 10 classes/,
    ],
    ['100 classes', (s) => s.set('fc.weight', weight([100, 8])), /"fc\.weight" is \(100,8\); \(10,8\) is expected/],
    [
      'three blocks in a stage',
      (s) => s.set('layer1.2.conv1.weight', weight([1, 1, 3, 3])),
      /it has "layer1\.2\.conv1\.weight", which resnet18 has not$/,
    ],
    [
      'a missing tensor',
      (s) => new Map([...s].filter(([name]) => name !== 'layer3.1.bn2.bias')),
      /it lacks "layer3\.1\.bn2\.bias" of resnet18$/,
    ],
    ['no tensors', () => new Map([['epoch', 3]]), /holds no state dict, which is a dict of tensors$/],
    ['a list', () => [1, 2], /holds no state dict/],
    [
      'integers',
      (s) => s.set('fc.bias', { data: new Int32Array(10), shape: [10], dtype: 'i4' }),
      /"fc\.bias" is i4; floats are expected$/,
    ],
  ])('of %s is refused by the first tensor that does not fit', async (_, change, line) => {
    const state = (await readTorch(join(GOLDEN, 'resnet18.pt'))) as Map<PickleValue, PickleValue>;
    expect(() => savedNetwork('x.pt', change(state), INPUT)).toThrow(line);
  });
});

const weight = (shape: number[]): NdArray => ({
  data: new Float32Array(shape.reduce((a, b) => a * b, 1)),
  shape,
  dtype: 'f4',
});
