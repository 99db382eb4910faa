import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { loadDataset } from '../../src/datasets/index.js';

const root = mkdtempSync(join(tmpdir(), 'ibscope-cifar-'));
afterAll(() => rmSync(root, { recursive: true }));

/** Pixel of record `record` of file `file` in channel c: a formula that tells every place apart. */
const value = (file: number, record: number, c: number, y: number, x: number) =>
  (file * 7 + record * 13 + c * 50 + y * 3 + x * 5) % 256;

/** One batch file as the release describes it: a label byte, then 32×32 bytes red, green, blue; 40 records. */
function batch(file: number): Buffer {
  const records = Array.from({ length: 40 }, (_, record) => {
    const bytes = [(record + file) % 10];
    for (let c = 0; c < 3; c++) {
      for (let y = 0; y < 32; y++) for (let x = 0; x < 32; x++) bytes.push(value(file, record, c, y, x));
    }
    return bytes;
  });
  return Buffer.from(records.flat());
}

function release(name: string, inside = ''): string {
  const folder = join(root, name, inside);
  mkdirSync(folder, { recursive: true });
  for (let k = 1; k <= 5; k++) writeFileSync(join(folder, `data_batch_${k}.bin`), batch(k));
  writeFileSync(join(folder, 'test_batch.bin'), batch(6));
  return join(root, name);
}

describe('CIFAR-10, binary release', () => {
  test('every pixel lands in its row, column and channel, and every label at its image', async () => {
    const { train, test: held, classes, notes } = await loadDataset('cifar10', { dataDir: release('flat'), seed: 0 });
    expect(classes).toEqual(expect.arrayContaining(['airplane', 'truck']));
    expect(notes).toEqual([]);
    expect([train.n, held.n]).toEqual([200, 40]);
    for (const [set, i, file, record] of [
      [train, 0, 1, 0],
      [train, 45, 2, 5],
      [train, 199, 5, 39],
      [held, 17, 6, 17],
    ] as const) {
      expect(set.labels[i]).toBe((record + file) % 10);
      for (let y = 0; y < 32; y++) {
        for (let x = 0; x < 32; x++) {
          const at = ((i * 32 + y) * 32 + x) * 3;
          const pixel = [0, 1, 2].map((c) => value(file, record, c, y, x));
          expect([...set.images.subarray(at, at + 3)]).toEqual(pixel);
        }
      }
    }
  });

  test('the folder of the archive is found inside --data-dir, and its class names are read', async () => {
    const dataDir = release('packed', 'cifar-10-batches-bin');
    const names = ['zero', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine'];
    writeFileSync(join(dataDir, 'cifar-10-batches-bin', 'batches.meta.txt'), `\ufeff${names.join('\r\n')}\n\n`);
    const { classes } = await loadDataset('cifar10', { dataDir, seed: 0 });
    expect(classes).toEqual(names);
  });

  test('a limit takes the same number of each class, images whole', async () => {
    const dataDir = release('limited');
    const all = await loadDataset('cifar10', { dataDir, seed: 0 });
    const some = await loadDataset('cifar10', { dataDir, seed: 0, trainLimit: 30, testLimit: 10 });
    const counts = new Array<number>(10).fill(0);
    for (const label of some.train.labels) counts[label]++;
    expect(counts).toEqual(new Array(10).fill(3));
    const key = (set: typeof all.train, i: number) =>
      `${set.labels[i]} ${Buffer.from(set.images.subarray(i * 3072, (i + 1) * 3072)).toString('latin1')}`;
    const known = new Set(Array.from({ length: all.train.n }, (_, i) => key(all.train, i)));
    for (let i = 0; i < 30; i++) expect(known.has(key(some.train, i))).toBe(true);
    const other = await loadDataset('cifar10', { dataDir, seed: 1, trainLimit: 30, testLimit: 10 });
    expect(other.train.images).not.toEqual(some.train.images);
  });
});

describe('CIFAR-10 that cannot be read', () => {
  test('a truncated file is named', async () => {
    const dataDir = release('cut');
    const path = join(dataDir, 'data_batch_3.bin');
    writeFileSync(path, batch(3).subarray(0, -100));
    await expect(loadDataset('cifar10', { dataDir, seed: 0 })).rejects.toThrow(`${path}: is truncated`);
    writeFileSync(path, batch(3).subarray(0, 39 * 3073));
    await expect(loadDataset('cifar10', { dataDir, seed: 0 })).rejects.toThrow(`${path}: has 119847 bytes`);
  });

  test('a label out of range is named with its file and record', async () => {
    const dataDir = release('label');
    const bytes = batch(6);
    bytes[4 * 3073] = 10;
    writeFileSync(join(dataDir, 'test_batch.bin'), bytes);
    await expect(loadDataset('cifar10', { dataDir, seed: 0 })).rejects.toThrow(
      /test_batch.bin: record 4 has the label 10/,
    );
  });

  test('a missing file or folder is named', async () => {
    const dataDir = release('missing');
    rmSync(join(dataDir, 'data_batch_5.bin'));
    await expect(loadDataset('cifar10', { dataDir, seed: 0 })).rejects.toThrow(/data_batch_5.bin: no such file/);
    await expect(loadDataset('cifar10', { dataDir: root, seed: 0 })).rejects.toThrow(
      /holds no file test_batch.bin or test_batch, nor/,
    );
    await expect(loadDataset('cifar10', { dataDir: join(root, 'x'), seed: 0 })).rejects.toThrow(/no such folder/);
    await expect(loadDataset('cifar10', { seed: 0 })).rejects.toThrow(/needs --data-dir/);
  });
});

describe('CIFAR-10, release for Python', () => {
  const golden = (name: string) => readFileSync(join(import.meta.dirname, `../golden/pickles/${name}.pkl`));

  /** Five training batches of two images and a test batch; `change` replaces files. */
  function pickled(name: string, change: Record<string, Buffer> = {}): string {
    const folder = join(root, name, 'cifar-10-batches-py');
    mkdirSync(folder, { recursive: true });
    const files: Record<string, Buffer> = { test_batch: golden('cifar10-6-python2'), 'batches.meta': golden('names') };
    for (let k = 1; k <= 5; k++) files[`data_batch_${k}`] = golden('cifar10-1-python2');
    for (const [file, content] of Object.entries({ ...files, ...change })) writeFileSync(join(folder, file), content);
    return join(root, name);
  }

  test.each([
    ['as Python 2 wrote it', {}],
    ['with a batch that Python 3 wrote', { data_batch_1: golden('cifar10-1-protocol4') }],
  ])('%s: every pixel in its place, labels, names', async (name, change) => {
    const dataDir = pickled(name.replaceAll(' ', '-'), change);
    const { train, test: held, classes } = await loadDataset('cifar10', { dataDir, seed: 0 });
    expect([train.n, held.n, classes[9]]).toEqual([10, 2, 'nine']);
    for (const [set, i, file, record] of [
      [train, 0, 1, 0],
      [train, 9, 1, 1],
      [held, 1, 6, 1],
    ] as const) {
      expect(set.labels[i]).toBe((record + file) % 10);
      for (const [y, x] of [
        [0, 0],
        [31, 2],
        [5, 31],
      ]) {
        const at = ((i * 32 + y) * 32 + x) * 3;
        expect([...set.images.subarray(at, at + 3)]).toEqual([0, 1, 2].map((c) => value(file, record, c, y, x)));
      }
    }
  });

  test.each([
    [
      'hostile',
      { data_batch_1: golden('hostile') },
      /data_batch_1: its pickle asks for "posix.system", which is never run/,
    ],
    ['another pickle', { data_batch_2: golden('names') }, /data_batch_2: holds no "data" of 3072 bytes an image/],
    [
      'a batch of CIFAR-100',
      { data_batch_3: golden('cifar100-1') },
      /data_batch_3: holds no list "labels" with a label/,
    ],
    ['no pickle', { test_batch: Buffer.from('<html>') }, /test_batch: is no pickle/],
    ['cut off', { test_batch: golden('cifar10-6-python2').subarray(0, 4000) }, /test_batch: is truncated/],
  ])('%s is refused', async (name, change, why) => {
    const dataDir = pickled(`refused ${name}`, change);
    await expect(loadDataset('cifar10', { dataDir, seed: 0 })).rejects.toThrow(why);
  });
});
