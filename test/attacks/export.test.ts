import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { adaptivePatch } from '../../src/attacks/adaptive-patch.js';
import { attackTest, type ExportFormat, exportSet, poison } from '../../src/attacks/index.js';
import { UserError } from '../../src/base/errors.js';
import { loadDataset } from '../../src/datasets/index.js';
import type { ImageSet } from '../../src/datasets/types.js';
import { readNpz } from '../../src/formats/npz.js';
import { randomSet, settings, shape } from './helpers.js';

const folder = mkdtempSync(join(tmpdir(), 'ibscope-export-'));
afterAll(() => rmSync(folder, { recursive: true }));

const classes = ['ant', 'bee', 'cow', 'dog', 'elk', 'fox', 'gnu', 'hen', 'ibis', 'jay'];
const train = randomSet(new Array(10).fill(6));
const test10 = randomSet(new Array(10).fill(2));
const attack = settings({ poisonRate: 0.4, target: 2 });
const set = poison(train, adaptivePatch, attack);
const { set: triggered } = attackTest(test10, adaptivePatch, attack)!;
const about = { classes, seed: 5, settings: { attack: 'adaptive-patch' }, test: test10, triggered };
const write = async (name: string, format: ExportFormat, from = set, changes = {}) => {
  const path = join(folder, name);
  await exportSet(from, path, format, { ...about, ...changes });
  return path;
};

/** Images and labels of a set without its order. */
const contents = ({ images, labels, n }: Pick<ImageSet, 'images' | 'labels' | 'n'>) =>
  Array.from(
    { length: n },
    (_, i) => `${labels[i]} ${Buffer.from(images.subarray(3072 * i, 3072 * (i + 1))).toString('base64')}`,
  ).sort();

describe('npz', () => {
  test('holds the set', async () => {
    const read = await readNpz(await write('poisoned.npz', 'npz'));
    expect(read.images).toEqual({ data: set.images, shape: [60, 32, 32, 3], dtype: 'u1' });
    expect([...read.labels.data].map(Number)).toEqual([...set.labels]);
    expect([...read.original_labels.data].map(Number)).toEqual([...set.originalLabels]);
    expect(read.poisoned).toEqual({ data: set.poisoned, shape: [60], dtype: 'b1' });
    expect(read.cover).toEqual({ data: set.cover, shape: [60], dtype: 'b1' });
    expect([...read.index.data].map(Number)).toEqual([...set.index]);
  });
});

interface Manifest {
  attack: string;
  classes: string[];
  samples: { file: string; index: number; label: number; originalLabel: number; poisoned: boolean; cover: boolean }[];
}
const manifestOf = (path: string) => JSON.parse(readFileSync(join(path, 'manifest.json'), 'utf8')) as Manifest;

describe.each(['folder', 'bin'] as const)('%s', (format) => {
  const source = format === 'bin' ? 'cifar10' : 'folder';

  test('reads back as the poisoned training set and the clean test set', async () => {
    const path = await write(`back-${format}`, format);
    const read = await loadDataset(source, { dataDir: path, seed: 0 });
    expect(read.classes).toEqual(classes);
    expect(contents(read.train)).toEqual(contents(set));
    expect(contents(read.test)).toEqual(contents(test10));
  });

  test('the manifest tells of every file what it is', async () => {
    const { attack: name, classes: names, samples } = manifestOf(await write(`manifest-${format}`, format));
    expect([name, names]).toEqual(['adaptive-patch', classes]);
    expect(samples.map((s) => s.index).sort((a, b) => a - b)).toEqual([...set.index]);
    expect(new Set(samples.map((s) => s.file)).size).toBe(set.n);
    for (const s of samples)
      expect([s.label, s.originalLabel, s.poisoned, s.cover]).toEqual([
        set.labels[s.index],
        set.originalLabels[s.index],
        set.poisoned[s.index] === 1,
        set.cover[s.index] === 1,
      ]);
  });

  test('the order tells neither poison nor the class of before, and follows the seed', async () => {
    // A set that comes ordered by class, as image folders do: a number kept from it would give every victim away.
    const sorted = { ...train, labels: train.labels.slice().sort() };
    const from = poison(sorted, adaptivePatch, attack);
    const order = async (name: string, seed: number) =>
      manifestOf(await write(name, format, from, { seed })).samples.map((s) => s.index);
    const one = await order(`order-1-${format}`, 1);
    expect(await order(`order-1b-${format}`, 1)).toEqual(one);
    expect(await order(`order-2-${format}`, 2)).not.toEqual(one);
    // Spearman's correlation of place and index: for a random order of 60 it is beyond 0.5 once in 10 000.
    const distance = one.reduce((sum, index, place) => sum + (index - place) ** 2, 0);
    expect(Math.abs(1 - (6 * distance) / (60 * (60 ** 2 - 1)))).toBeLessThan(0.5);
  });
});

test('the folder holds the images the attack is judged on, under the class it wants', async () => {
  const path = await write('judged', 'folder');
  expect(readdirSync(join(path, 'test-triggered', 'cow'))).toHaveLength(18);
  expect(readdirSync(join(path, 'test-triggered', 'ant'))).toHaveLength(0);
});

describe('what a format cannot hold is refused, and nothing is left', () => {
  const small = randomSet([5, 5], shape(8, 8, 3));
  test.each([
    ['bin', poison(small, adaptivePatch, settings({ poisonRate: 0.4 })), {}, '32×32×3 images, these are 8×8×3'],
    ['bin', { ...set, n: 59 }, {}, '59 images do not make 5 equal batches'],
    ['folder', set, { classes: ['../up', ...classes.slice(1)] }, 'the class "../up" cannot be the name of a folder'],
  ] as const)('%s', async (format, from, changes, why) => {
    const before = readdirSync(folder);
    await expect(write('refused', format, from, changes)).rejects.toThrow(why);
    await expect(write('refused', format, from, changes)).rejects.toThrow(UserError);
    expect(readdirSync(folder)).toEqual(before);
  });
});
