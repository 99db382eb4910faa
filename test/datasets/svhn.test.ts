import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadDataset } from '../../src/datasets/index.js';
import { firstOfEach } from '../../src/datasets/limits.js';
import { write } from './scratch.js';

const mat = (name: string) => readFileSync(join(import.meta.dirname, '../golden/mat', name));
const folder = (name: string, train: Uint8Array, held: Uint8Array) =>
  write(name, { 'train_32x32.mat': train, 'test_32x32.mat': held });

describe('SVHN, cropped digits', () => {
  test.each([
    ['compressed', 'compressed.mat', [0, 1, 2, 0, 9, 5]],
    ['not compressed, labels in doubles', 'plain.mat', [0, 1]],
    ['of the other byte order', 'big.mat', [0, 1, 2, 0, 9, 5]],
    ['a single image, which has three dimensions', 'one.mat', [0]],
  ])('%s: label 10 is the digit 0, and pixels land in their row, column and channel', async (name, file, labels) => {
    const {
      train,
      test: held,
      classes,
    } = await loadDataset('svhn', { dataDir: folder(name, mat(file), mat('one.mat')), seed: 0 });
    expect(classes).toEqual(['0', '1', '2', '3', '4', '5', '6', '7', '8', '9']);
    expect([...train.labels]).toEqual(labels);
    expect(train).toMatchObject({ n: labels.length, height: 32, width: 32, channels: 3 });
    expect(held.n).toBe(1);
    for (let i = 0; i < train.n; i++) {
      for (const [row, col, c] of [
        [0, 0, 0],
        [3, 30, 1],
        [31, 4, 2],
      ]) {
        // The formula of test/golden/mat.py.
        expect(train.images[((i * 32 + row) * 32 + col) * 3 + c]).toBe((row * 3 + col * 5 + c * 50 + i * 13) % 256);
      }
    }
  });

  test('the protocol takes the first of each class, in order; a class that has fewer gives what it has', () => {
    const labels = [2, 0, 0, 1, 2, 0, 2, 2];
    expect([...firstOfEach(labels, 3, 2)]).toEqual([0, 1, 2, 3, 4]);
    expect([...firstOfEach(labels, 4, 100)]).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });

  test.each([
    ['HDF5', Buffer.from('MATLAB 7.3 MAT-file'.padEnd(200)), /train_32x32.mat: is a MAT file of version 7.3 \(HDF5\)/],
    ['no X', mat('kinds.mat'), /train_32x32.mat: holds no numeric variable "X"/],
    ['a cut file', mat('compressed.mat').subarray(0, 600), /train_32x32.mat: is truncated/],
    ['X of another shape', mat('big-plain.mat'), /holds no numeric variable "X"/],
  ])('%s is refused', async (name, file, why) => {
    const dataDir = folder(name, file, mat('one.mat'));
    await expect(loadDataset('svhn', { dataDir, seed: 0 })).rejects.toThrow(why);
  });

  test('a label beyond 10, labels for other images, and a missing file are refused', async () => {
    const wrong = Buffer.from(mat('plain.mat'));
    wrong.writeDoubleLE(11, wrong.length - 16);
    await expect(loadDataset('svhn', { dataDir: folder('eleven', wrong, wrong), seed: 0 })).rejects.toThrow(
      /train_32x32.mat: sample 0 has the label 11; labels are the digits, 10 for 0/,
    );
    const dataDir = write('alone', { 'train_32x32.mat': mat('one.mat') });
    await expect(loadDataset('svhn', { dataDir, seed: 0 })).rejects.toThrow(/test_32x32.mat: no such file/);
  });
});
