/** The set without its named samples keeps the folders of the set. */
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type AuditDocument, writeClean } from '../../src/audit/index.js';
import { readLabelled } from '../../src/datasets/folder.js';
import { loadDataset } from '../../src/datasets/index.js';

let box: string;
beforeAll(async () => {
  box = await mkdtemp(join(tmpdir(), 'ibscope-clean-'));
});
afterAll(() => rm(box, { recursive: true, force: true }));

/** Writes `folder/<class>/0.png …`, every image in a grey of its own. */
async function images(folder: string, n: number, first: number) {
  for (const [c, name] of ['cat', 'dog'].entries()) {
    await mkdir(join(folder, name), { recursive: true });
    for (let i = 0; i < n; i++) {
      const background = { r: first + i, g: 100 * c, b: 0 };
      const png = sharp({ create: { width: 32, height: 32, channels: 3, background } }).png();
      await writeFile(join(folder, name, `${i}.png`), await png.toBuffer());
    }
  }
}

/** Writes the cleaned copy of `set` without one of its samples. */
async function clean(set: string, named: string, out: string): Promise<number> {
  const untrusted = { path: set, kind: 'folder' as const, ...(await readLabelled(set)) };
  expect(untrusted.set.files).toContain(named);
  return writeClean(untrusted, { suspicious: [named] } as unknown as AuditDocument, out);
}

it('with train/ and test/: both are there again, test/ as it was, so that it trains as the set did', async () => {
  const [set, out] = [join(box, 'both'), join(box, 'both-clean')];
  await images(join(set, 'train'), 5, 0);
  await images(join(set, 'test'), 3, 200);
  expect(await clean(set, join(set, 'train', 'cat', '2.png'), out)).toBe(9);
  expect((await readdir(out)).sort()).toEqual(['test', 'train']);
  expect(await readdir(join(out, 'train', 'cat'))).toEqual(['0.png', '1.png', '3.png', '4.png']);
  for (const file of ['cat/0.png', 'dog/2.png'])
    expect(await readFile(join(out, 'test', file))).toEqual(await readFile(join(set, 'test', file)));
  const load = (dataDir: string) => loadDataset('folder', { dataDir, seed: 0 });
  const [before, after] = [await load(set), await load(out)];
  expect([after.train.n, after.test.n]).toEqual([9, 6]);
  expect(after.test.images).toEqual(before.test.images);
});

it('with class folders alone: the same', async () => {
  const [set, out] = [join(box, 'alone'), join(box, 'alone-clean')];
  await images(set, 4, 0);
  expect(await clean(set, join(set, 'dog', '0.png'), out)).toBe(7);
  expect((await readdir(out)).sort()).toEqual(['cat', 'dog']);
  expect(existsSync(join(out, 'dog', '0.png'))).toBe(false);
});
