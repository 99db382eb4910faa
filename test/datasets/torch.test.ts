/** Tensors of images and labels: the same set as the same arrays in an `.npz`. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadDataset } from '../../src/datasets/index.js';
import { ndarray } from '../../src/formats/npy.js';
import { encodeNpz } from '../../src/formats/npz.js';
import { type Savable, Saved, torchSave } from '../attacks/torch-save.js';
import { write } from './scratch.js';

const N = 40;
const pixels = Uint8Array.from({ length: N * 192 }, (_, at) => (at * 7) % 256);
const classes = Array.from({ length: N }, (_, i) => i % 4);
const labels = BigInt64Array.from(classes, BigInt);
/** The images as [n, 3, 8, 8]. */
const planes = Uint8Array.from(pixels, (_, at) => {
  const [i, c, p] = [Math.floor(at / 192), Math.floor(at / 64) % 3, at % 64];
  return pixels[i * 192 + 3 * p + c];
});
const floats = Float32Array.from(planes, (v) => v / 255);
const dict = (values: Record<string, Savable>) => new Map<Savable, Savable>(Object.entries(values));
const load = (name: string, value: Savable) =>
  loadDataset('torch', { dataDir: join(write(name, { 'a.pt': torchSave(value) }), 'a.pt'), seed: 0 });

describe('images and labels of torch.save', () => {
  const shape = [N, 3, 8, 8];
  it.each<[string, Savable]>([
    ['a pair', [new Saved(planes, shape), new Saved(labels, [N])]],
    ['a pair with labels in a list', [new Saved(floats, shape), classes]],
    ['a dict', dict({ images: new Saved(floats, shape), labels: new Saved(labels, [N]), epoch: 3 })],
    ['a dict of NHWC', dict({ data: new Saved(pixels, [N, 8, 8, 3]), target: new Saved(labels, [N]) })],
  ])('%s: is the set of the same arrays as npz', async (name, value) => {
    const arrays = { images: ndarray(pixels, [N, 8, 8, 3]), labels: ndarray(labels, [N]) };
    const npz = join(write('npz', { 'a.npz': encodeNpz(arrays) }), 'a.npz');
    const wanted = await loadDataset('npz', { dataDir: npz, seed: 0 });
    const { train, test, classes: names } = await load(name.replaceAll(' ', '-'), value);
    expect([train, test, names]).toEqual([wanted.train, wanted.test, wanted.classes]);
  });

  it('in train.pt and test.pt of a folder are both splits', async () => {
    const pair = torchSave([new Saved(planes, shape), classes]);
    const both = { dataDir: write('both', { 'train.pt': pair, 'test.pt': pair }), seed: 0 };
    const { train, test } = await loadDataset('torch', both);
    expect([train.n, test.n]).toEqual([N, N]);
  });

  it.each<[string, Savable, RegExp]>([
    ['a number', 3, /holds neither a pair \(images, labels\) nor a dict of tensors$/],
    ['texts', ['a', 'b'], /holds neither a pair/],
    ['weights', dict({ 'conv1.weight': new Saved(floats, shape) }), /holds no images; the array is called "images", /],
    ['no labels', dict({ images: new Saved(planes, shape) }), /holds no array "labels"$/],
    [
      'values beyond 1',
      [
        new Saved(
          floats.map((v) => 255 * v),
          shape,
        ),
        classes,
      ],
      /float images lie in \[0, 1\]/,
    ],
  ])('%s is refused', async (name, value, line) => {
    await expect(load(name.replaceAll(' ', '-'), value)).rejects.toThrow(line);
  });
});
