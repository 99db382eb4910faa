/** `ibscope audit` as scripts use it. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { ndarray } from '../../src/formats/npy.js';
import { readNpz, writeNpz } from '../../src/formats/npz.js';
import { sandbox } from './helpers.js';

describe('audit', () => {
  const box = sandbox();
  const at = (...parts: string[]) => join(box.folder, ...parts);
  const lastLine = (text: string) => text.trim().split('\n').at(-1);

  beforeAll(async () => {
    const poison = ['poison', '--attack', 'badnets', '--train-limit', '1000', '--test-limit', '20', '--target', '2'];
    for (const [format, out] of [
      ['npz', 'set.npz'],
      ['folder', 'folder'],
    ]) {
      const made = await box.run([...poison, '--format', format, '--out', out]);
      expect(made.code, made.stderr).toBe(0);
    }
  });

  it('names the target of BadNets and its samples, exits with 3, and reads no flags: without them the answer is the same', async () => {
    const { images, labels, poisoned } = await readNpz(at('set.npz'));
    await writeNpz(at('bare.npz'), {
      images: ndarray(images.data, images.shape),
      labels: ndarray(labels.data, labels.shape),
    });
    const outcomes = [];
    for (const set of ['set.npz', 'bare.npz'])
      outcomes.push(await box.run(['audit', set, '--quick', '--out', `${set}-found`, '--json']));
    for (const o of outcomes) expect(o.code, o.stderr).toBe(3);
    const [found, bare] = outcomes.map((o) => JSON.parse(o.stdout));
    expect({ ...found, seconds: 0 }).toEqual({ ...bare, seconds: 0 });
    expect(found.verdict).toBe('suspicious');
    expect(found.suspiciousClasses).toEqual(['2']);
    expect(found.classes).toHaveLength(10);
    const payload = new Set([...poisoned.data.keys()].filter((i) => poisoned.data[i]));
    const hit = (found.suspicious as number[]).filter((i) => payload.has(i)).length;
    // Both shares: of what is named, and of what there is.
    expect(hit / found.suspicious.length).toBeGreaterThan(0.9);
    expect(hit / payload.size).toBeGreaterThan(0.8);
    expect(readdirSync(at('set.npz-found')).sort()).toEqual(['audit.json', 'samples.csv', 'sheet.png']);
    expect(readFileSync(at('set.npz-found', 'samples.csv'), 'utf8').trim().split('\n')).toHaveLength(1001);
  }, 240_000);

  it('writes a folder without what it found, named by its files', async () => {
    const { code, stdout, stderr } = await box.run([
      ...['audit', 'folder', '--quick', '--out', 'found', '--write-clean', 'cleaned', '--json'],
    ]);
    expect(code, stderr).toBe(3);
    const { suspicious, suspiciousClasses } = JSON.parse(stdout);
    const manifest = JSON.parse(readFileSync(at('folder', 'manifest.json'), 'utf8'));
    expect(suspiciousClasses).toEqual([manifest.classes[2]]);
    const left = readdirSync(at('cleaned')).flatMap((c) => readdirSync(at('cleaned', c)).map((f) => join(c, f)));
    expect(left.length).toBe(1000 - suspicious.length);
    for (const path of suspicious as string[]) {
      expect(existsSync(join(box.folder, path))).toBe(true);
      expect(left).not.toContain(path.split('/').slice(-2).join('/'));
    }
  }, 240_000);

  it.each([
    [['nowhere'], 'nowhere: no such file or folder'],
    [['set.txt'], 'set.txt: a folder of class folders, or an .npz file, is expected'],
    [
      ['two.npz'],
      /^ibscope: two\.npz: 2 of its 2 classes have 30 images; a class is judged by the others, and 4 are needed$/,
    ],
    [['set.npz', '--out', 'there'], '--out there: it exists already; name another'],
    [['set.npz', '--out', 'x', '--write-clean', 'there'], '--write-clean there: it exists already; name another'],
    [['set.npz', '--quick', '--thorough'], '--quick, --thorough: one of them'],
    [['set.npz', '--seed', 'x'], '--seed x: a whole number from 0 is allowed'],
  ])('refuses %j in one line, and writes nothing', async (args, line) => {
    await mkdir(at('there'), { recursive: true });
    await writeFile(at('set.txt'), '');
    await writeNpz(at('two.npz'), {
      images: ndarray(new Uint8Array(80 * 64), [80, 8, 8]),
      labels: ndarray(
        Int32Array.from({ length: 80 }, (_, i) => i % 2),
        [80],
      ),
    });
    const { code, stdout, stderr } = await box.run(['audit', ...args]);
    expect([code, stdout]).toEqual([2, '']);
    if (line instanceof RegExp) expect(lastLine(stderr)).toMatch(line);
    else expect(lastLine(stderr)).toBe(`ibscope: ${line}`);
    expect(existsSync(at('x'))).toBe(false);
  });
});
