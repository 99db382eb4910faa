/** What the tests of state dicts share: features and logits of the networks of `test/golden/state_dicts.py` against PyTorch's. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { Rng } from '../../src/base/random.js';
import type { ImageSet } from '../../src/datasets/index.js';
import { readTorch } from '../../src/formats/torch.js';
import { ForeignNetwork } from '../../src/models/foreign.js';
import { asOnnx, savedNetwork } from '../../src/models/state-dict.js';

export const INPUT = { channels: 3, height: 32, width: 32, classes: 10 };
export const MODELS: Record<string, [model: string, layer: string]> = {
  resnet18: ['resnet18', 'layer4'],
  'resnet10-parallel': ['resnet10', 'layer4'],
  'resnet18-shortcut': ['resnet18', 'layer4'],
  'preact-record': ['preact-resnet18 without its last batch norm', 'layer4'],
  'preact-last': ['preact-resnet18', 'bn'],
  'vgg16-double': ['vgg16', 'stage5'],
};

/** Largest difference, as a share of the values where these are above 1. */
const apart = (a: ArrayLike<number>, b: readonly number[]) => {
  expect(a.length).toBe(b.length);
  return b.reduce((most, v, i) => Math.max(most, Math.abs(a[i] - v) / Math.max(1, Math.abs(v))), 0);
};

/** Compares the network in FOLDER/NAME.pt with FOLDER/expected.json. */
export async function expectPyTorchs(folder: string, name: string): Promise<void> {
  const { images, outputs } = JSON.parse(readFileSync(join(folder, 'expected.json'), 'utf8'));
  const set: ImageSet = {
    ...{ images: Uint8Array.from(images), labels: new Int32Array(4), n: 4 },
    ...{ height: 32, width: 32, channels: 3 },
  };
  const file = join(folder, `${name}.pt`);
  const network = savedNetwork(file, await readTorch(file), INPUT);
  const [model, layer] = MODELS[name];
  expect(network.model.name).toBe(model);
  const { model: onnx, layers } = asOnnx(network, INPUT);
  const foreign = await ForeignNetwork.open(file, onnx, layers.get(layer)!, set);
  const pass = await foreign.pass(set, [0, 1, 2, 3], 0, new Rng(0));
  await foreign.close();
  const { logits, features } = outputs[name];
  // Features that are all alike would agree with anything.
  expect(new Set(features).size).toBeGreaterThan(features.length / 4);
  expect(apart(pass.mean, features)).toBeLessThan(1e-4);
  expect(apart(pass.logits, logits)).toBeLessThan(1e-4);
}
