/** Encoded images are decoded once, and read from the cache until a file changes. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { loadDataset } from '../../src/datasets/index.js';
import { readSafetensors, writeSafetensors } from '../../src/formats/safetensors.js';
import { readOnce } from '../../src/poisoning/read-once.js';

let box: string;
let data: string;
const kept = () => readdirSync(join(box, 'cache', 'sets')).filter((name) => name.endsWith('.safetensors'));
const png = (value: number) =>
  sharp({ create: { width: 32, height: 32, channels: 3, background: { r: value, g: 7, b: 255 - value } } })
    .png()
    .toBuffer();

beforeEach(async () => {
  box = await mkdtemp(join(tmpdir(), 'ibscope-read-once-'));
  vi.stubEnv('IBSCOPE_CACHE', join(box, 'cache'));
  data = join(box, 'data');
  for (const [split, n] of Object.entries({ train: 6, test: 2 }))
    for (const [k, name] of ['cat', 'dog'].entries()) {
      await mkdir(join(data, split, name), { recursive: true });
      for (let i = 0; i < n; i++) await writeFile(join(data, split, name, `${i}.png`), await png(10 * i + k));
    }
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(box, { recursive: true, force: true });
});

it('a set from the cache is the one that was read, with its limits, files and notes', async () => {
  for (const request of [
    { dataDir: data, seed: 0 },
    { dataDir: data, seed: 1, trainLimit: 4, testLimit: 2 },
  ]) {
    const read = await loadDataset('folder', request);
    expect(await readOnce('folder', request)).toEqual(read);
    expect(await readOnce('folder', request)).toEqual(read);
  }
  expect(kept()).toHaveLength(2);
});

it('comes from the cache, until a file changes', async () => {
  const request = { dataDir: data, seed: 0 };
  await readOnce('folder', request);
  const path = join(box, 'cache', 'sets', kept()[0]);
  const { tensors } = await readSafetensors(path);
  tensors['train.images'].data.fill(99 as never);
  await writeSafetensors(path, tensors);
  expect((await readOnce('folder', request)).train.images[0]).toBe(99);
  writeFileSync(join(data, 'train', 'cat', '0.png'), await png(200));
  const { train } = await readOnce('folder', request);
  expect([...train.images.slice(0, 3)]).toEqual([200, 7, 55]);
});

it('sets that are not decoded, and damaged files, are as without a cache', async () => {
  expect((await readOnce('shapes10', { seed: 0, trainLimit: 20, testLimit: 10 })).train.n).toBe(20);
  expect(() => kept()).toThrow(/ENOENT/);
  const broken = join(data, 'train', 'dog', '1.png');
  writeFileSync(broken, readFileSync(broken).subarray(0, 40));
  await expect(readOnce('folder', { dataDir: data, seed: 0 })).rejects.toThrow(/1\.png/);
  await expect(readOnce('folder', { dataDir: join(box, 'nowhere'), seed: 0 })).rejects.toThrow(/nowhere/);
});

it('a cache that cannot be written is not used', async () => {
  writeFileSync(join(box, 'file'), '');
  vi.stubEnv('IBSCOPE_CACHE', join(box, 'file'));
  expect((await readOnce('folder', { dataDir: data, seed: 0 })).train.n).toBe(12);
});
