import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { writeAtomic, writeFolderAtomic } from '../../src/formats/files.js';

const folder = mkdtempSync(join(tmpdir(), 'ibscope-files-'));
afterAll(() => rmSync(folder, { recursive: true }));

test('text, bytes and chunks are written in full, folders made, old content replaced', async () => {
  const path = join(folder, 'a', 'b.txt');
  await writeAtomic(path, 'a longer first version');
  await writeAtomic(path, 'näh');
  expect(readFileSync(path, 'utf8')).toBe('näh');
  await writeAtomic(path, Uint8Array.of(1, 2));
  expect([...readFileSync(path)]).toEqual([1, 2]);
  await writeAtomic(path, [Uint8Array.of(3), new Uint8Array(0), Uint8Array.of(4, 5)]);
  expect([...readFileSync(path)]).toEqual([3, 4, 5]);
  expect(readdirSync(join(folder, 'a'))).toEqual(['b.txt']);
});

test('a write that fails leaves the old file and nothing beside it', async () => {
  const path = join(folder, 'taken');
  mkdirSync(path);
  writeFileSync(join(path, 'inside'), 'kept');
  await expect(writeAtomic(path, 'x')).rejects.toThrow();
  expect(readFileSync(join(path, 'inside'), 'utf8')).toBe('kept');
  expect(readdirSync(folder).filter((name) => name.includes('.tmp'))).toEqual([]);
});

test('a folder appears with all its files, and what filled it is returned', async () => {
  const path = join(folder, 'new', 'set/');
  const n = await writeFolderAtomic(path, async (inside) => {
    expect(readdirSync(join(folder, 'new'))).not.toContain('set');
    writeFileSync(join(inside, 'one'), '1');
    return 1;
  });
  expect(n).toBe(1);
  expect(readdirSync(path)).toEqual(['one']);
  expect(readdirSync(join(folder, 'new'))).toEqual(['set']);
});

test('a folder whose writer fails, or whose place holds something, leaves nothing behind', async () => {
  const root = join(folder, 'failed');
  mkdirSync(join(root, 'full'), { recursive: true });
  writeFileSync(join(root, 'full', 'inside'), 'kept');
  const fail = async (inside: string) => {
    writeFileSync(join(inside, 'one'), '1');
    throw new Error('half done');
  };
  await expect(writeFolderAtomic(join(root, 'set'), fail)).rejects.toThrow('half done');
  await expect(writeFolderAtomic(join(root, 'full'), async () => 1)).rejects.toThrow(/ENOTEMPTY|EEXIST|EPERM/);
  expect(readdirSync(root)).toEqual(['full']);
  expect(readdirSync(join(root, 'full'))).toEqual(['inside']);
});

test('writers at the same time never mix: the file is one of the versions', async () => {
  const path = join(folder, 'raced');
  const versions = ['a', 'b', 'c', 'd'].map((c) => c.repeat(100_000));
  await Promise.all(versions.map((v) => writeAtomic(path, v)));
  expect(versions).toContain(readFileSync(path, 'utf8'));
});
