import { existsSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { findAttack } from '../../src/attacks/index.js';
import { poison } from '../../src/attacks/poison.js';
import { loadDataset } from '../../src/datasets/index.js';
import { fashionMnist, fashionMnistPackage, idxSource } from '../../src/datasets/mnist.js';
import { idx, root, write } from './scratch.js';

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

  test('a poisoned copy leaves the set as it is, limited or not', async () => {
    const dataDir = write('copied', files());
    for (const trainLimit of [undefined, 20]) {
      const { train } = await loadDataset('mnist', { dataDir, seed: 0, trainLimit });
      expect(train.images.constructor).toBe(Uint8Array);
      const before = Uint8Array.from(train.images);
      const poisoned = poison(train, findAttack('badnets'), { poisonRate: 0.5, target: 0, seed: 0, options: {} });
      expect(train.images).toEqual(before);
      expect(poisoned.images).not.toEqual(before);
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

describe('Fashion-MNIST as Debian installs it', () => {
  const ten = Array.from({ length: 10 }, (_, k) => `class ${k}`);
  const installed = (folder: string) => idxSource('some', 'Some', 'Some', ten, { package: 'some-set', folder });

  test('without --data-dir the folder of the package is read, and with it the folder that it names', async () => {
    const packed = Object.entries(files()).map(([file, content]) => [`${file}.gz`, gzipSync(content)]);
    const source = installed(write('package', Object.fromEntries(packed)));
    expect(source.needsDir).toBe(false);
    expect((await source.load({ seed: 0 })).train).toMatchObject({ n: 40, height: 28, width: 28, channels: 1 });
    const dataDir = write('own', files(60));
    expect((await source.load({ seed: 0, dataDir })).train.n).toBe(60);
  });

  test('without the package one line says how to get the files', async () => {
    const error = await installed(`${root}/nowhere`)
      .load({ seed: 0 })
      .catch((e) => e);
    expect(error.name).toBe('UserError');
    expect(error.message).toMatch(/nowhere holds no train-images-idx3-ubyte.gz; .*"apt install some-set"/);
    for (const file of Object.keys(files())) expect(error.message).toContain(file);
    expect(error.message).not.toContain('\n');
  });

  const there = existsSync(fashionMnistPackage.folder);
  test.skipIf(!there)(
    `the real files: 6 000 and 1 000 images of each class, first an ankle boot (needs ${fashionMnistPackage.package})`,
    async () => {
      const { train, test: held, classes, notes } = await fashionMnist.load({ seed: 0 });
      const counts = (labels: Int32Array) => classes.map((_, k) => labels.filter((l) => l === k).length);
      expect([train.n, held.n, classes.length]).toEqual([60_000, 10_000, 10]);
      expect(counts(train.labels)).toEqual(Array(10).fill(6000));
      expect(counts(held.labels)).toEqual(Array(10).fill(1000));
      expect([train.labels[0], classes[9], notes]).toEqual([9, 'ankle boot', []]);
      expect(train).toMatchObject({ height: 28, width: 28, channels: 1 });
      // Mean and standard deviation of the pixels, by which everybody normalizes this set.
      const mean = train.images.reduce((a, b) => a + b, 0) / train.images.length;
      const square = train.images.reduce((a, b) => a + b * b, 0) / train.images.length;
      expect(mean / 255).toBeCloseTo(0.286, 3);
      expect(Math.sqrt(square - mean ** 2) / 255).toBeCloseTo(0.353, 3);
    },
  );
});
