import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { loadDataset } from '../../src/datasets/index.js';
import { idx, write } from './scratch.js';

const value = (i: number, p: number) => (i * 31 + p * 7) % 256;
const images = (n: number) =>
  idx(
    [n, 28, 28],
    Array.from({ length: n * 784 }, (_, at) => value(Math.floor(at / 784), at % 784)),
  );
const labels = (n: number, of = (i: number) => i % 10) =>
  idx(
    [n],
    Array.from({ length: n }, (_, i) => of(i)),
  );
const files = (n = 40) => ({
  'train-images-idx3-ubyte': images(n),
  'train-labels-idx1-ubyte': labels(n),
  't10k-images-idx3-ubyte': images(20),
  't10k-labels-idx1-ubyte': labels(20),
});

describe('MNIST and Fashion-MNIST', () => {
  test.each([
    ['mnist', 'MNIST/raw/', '7'],
    ['fashion-mnist', 'FashionMNIST/raw/', 'sneaker'],
    ['fashion-mnist', '', 'sneaker'],
  ])('%s in "%s", plain or gzipped: 28×28×1, every pixel in its place', async (name, inside, seventh) => {
    const plain = Object.entries(files()).map(([file, content]) => [inside + file, content]);
    const packed = plain.map(([file, content]) => [`${file}.gz`, gzipSync(content)]);
    for (const [kind, content] of [
      ['plain', plain],
      ['gz', packed],
    ] as const) {
      const dataDir = write(`${name}-${inside.length}-${kind}`, Object.fromEntries(content));
      const { train, test: held, classes, notes } = await loadDataset(name, { dataDir, seed: 0 });
      expect(classes[7]).toBe(seventh);
      expect(notes).toEqual([]);
      expect(train).toMatchObject({ n: 40, height: 28, width: 28, channels: 1 });
      expect([held.n, train.labels[13], train.images[13 * 784 + 500]]).toEqual([20, 3, value(13, 500)]);
    }
  });

  test('a limit takes whole images, the same number of each class', async () => {
    const dataDir = write('limited', files());
    const { train } = await loadDataset('mnist', { dataDir, seed: 0, trainLimit: 20 });
    expect([...train.labels].sort()).toEqual(Array.from({ length: 20 }, (_, i) => Math.floor(i / 2)));
    // The first two pixels tell which image it is.
    for (let i = 0; i < 20; i++) {
      const from = Array.from({ length: 40 }, (_, k) => k).find((k) => value(k, 0) === train.images[i * 784])!;
      expect(train.labels[i]).toBe(from % 10);
      expect(train.images[i * 784 + 783]).toBe(value(from, 783));
    }
  });

  test.each([
    [
      'labels of other images',
      { 'train-labels-idx1-ubyte': labels(39) },
      /train-labels-idx1-ubyte: holds 39 labels for 40/,
    ],
    [
      'a label out of range',
      { 't10k-labels-idx1-ubyte': labels(20, () => 10) },
      /t10k-labels-idx1-ubyte: sample 0 has the label 10; labels are 0 to 9/,
    ],
    [
      'images of another size',
      { 'train-images-idx3-ubyte': idx([1, 32, 32], Array(1024).fill(0)) },
      /holds images of 32×32; 28×28 are expected/,
    ],
    [
      'labels in place of images',
      { 'train-images-idx3-ubyte': labels(40) },
      /train-images-idx3-ubyte: has the shape \(40\); 3 dimensions/,
    ],
    ['no images', { 'train-images-idx3-ubyte': images(0), 'train-labels-idx1-ubyte': labels(0) }, /holds no samples/],
    ['a cut file', { 't10k-images-idx3-ubyte': images(20).subarray(0, 9000) }, /t10k-images-idx3-ubyte: is truncated/],
  ])('%s: refused', async (name, wrong, why) => {
    const dataDir = write(name, { ...files(), ...wrong });
    await expect(loadDataset('mnist', { dataDir, seed: 0 })).rejects.toThrow(why);
  });

  test('missing files are named', async () => {
    const { 'train-labels-idx1-ubyte': _, ...rest } = files();
    await expect(loadDataset('mnist', { dataDir: write('part', rest), seed: 0 })).rejects.toThrow(
      /train-labels-idx1-ubyte: no such file/,
    );
    await expect(loadDataset('mnist', { dataDir: write('none', {}), seed: 0 })).rejects.toThrow(
      /holds no train-images-idx3-ubyte/,
    );
  });
});
