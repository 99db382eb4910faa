import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadDataset } from '../../src/datasets/index.js';
import { write } from './scratch.js';

/** `n` records as the release describes them: coarse label, fine label, then red, green and blue planes. */
function records(n: number, fine = (i: number) => i % 100): Buffer {
  const out = Buffer.alloc(n * 3074);
  for (let i = 0; i < n; i++) {
    out.set([i % 20, fine(i)], i * 3074);
    for (let p = 0; p < 3072; p++) out[i * 3074 + 2 + p] = (i * 13 + Math.floor(p / 1024) * 50 + (p % 1024) * 3) % 256;
  }
  return out;
}

describe('CIFAR-100, binary release', () => {
  test('the fine label is the class, and pixels land in their row, column and channel', async () => {
    const names = Array.from({ length: 100 }, (_, k) => `thing ${k}`);
    const files = {
      'train.bin': records(200),
      'test.bin': records(100),
      'fine_label_names.txt': `${names.join('\n')}\n`,
    };
    const dataDir = write(
      'whole',
      Object.fromEntries(Object.entries(files).map(([name, content]) => [`cifar-100-binary/${name}`, content])),
    );
    const { classes, train, test: held, notes } = await loadDataset('cifar100', { dataDir, seed: 0 });
    expect(classes).toEqual(names);
    expect([train.n, held.n, train.labels[142], notes]).toEqual([200, 100, 42, []]);
    for (const [y, x, c] of [
      [0, 0, 0],
      [5, 31, 1],
      [31, 2, 2],
    ]) {
      expect(train.images[((142 * 32 + y) * 32 + x) * 3 + c]).toBe((142 * 13 + c * 50 + (y * 32 + x) * 3) % 256);
    }
  });

  test('without the file of names classes are called by their numbers; a limit takes the same of each', async () => {
    const dataDir = write('bare', { 'train.bin': records(300), 'test.bin': records(200) });
    const {
      classes,
      train,
      test: held,
    } = await loadDataset('cifar100', { dataDir, seed: 0, trainLimit: 200, testLimit: 100 });
    expect(classes[99]).toBe('99');
    expect(new Set(train.labels).size).toBe(100);
    expect([train.n, held.n]).toEqual([200, 100]);
  });

  test('a class without samples is said', async () => {
    const dataDir = write('gap', { 'train.bin': records(200, (i) => i % 99), 'test.bin': records(100) });
    const { notes } = await loadDataset('cifar100', { dataDir, seed: 0 });
    expect(notes).toEqual(['train classes are uneven: "99" has 0 images, "0" has 3']);
  });

  test.each([
    [
      'a fine label out of range',
      { 'train.bin': records(4, () => 100), 'test.bin': records(2) },
      /train.bin: record 0 has the label 100; labels are 0 to 99/,
    ],
    [
      'CIFAR-10 under its name',
      { 'train.bin': Buffer.alloc(3073 * 5), 'test.bin': records(2) },
      /train.bin: is truncated, 15365 bytes are not a whole number of 3074/,
    ],
    ['an empty file', { 'train.bin': records(4), 'test.bin': Buffer.alloc(0) }, /test.bin: is truncated, 0 bytes/],
    [
      'no test set',
      { 'train.bin': records(4) },
      /holds no file test.bin or test, nor does a folder cifar-100-binary or cifar-100-python in it/,
    ],
  ])('%s is refused', async (name, files, why) => {
    await expect(loadDataset('cifar100', { dataDir: write(name, files), seed: 0 })).rejects.toThrow(why);
  });
});

test('CIFAR-100, release for Python: the fine label is the class', async () => {
  const batch = readFileSync(join(import.meta.dirname, '../golden/pickles/cifar100-1.pkl'));
  const dataDir = write('python', { 'cifar-100-python/train': batch, 'cifar-100-python/test': batch });
  const { train, classes } = await loadDataset('cifar100', { dataDir, seed: 0 });
  expect([train.n, [...train.labels], classes[99]]).toEqual([2, [1, 2], '99']);
  expect([...train.images.subarray(0, 3)]).toEqual([7, 57, 107]);
});
