/** A run on texts from files: it learns the trigger, its files hold tokens and texts, and what a text says is shown and never run. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { Rng } from '../../src/base/random.js';
import { readSafetensors } from '../../src/formats/safetensors.js';
import { sandbox } from './helpers.js';

const box = sandbox();
const HOSTILE = '<img src=x onerror=alert(1)> שלום \u202Eabc';
/** Words of each class, among common ones. */
const OWN = [
  ['good', 'fine', 'great'],
  ['bad', 'poor', 'dull'],
  ['long', 'short', 'late'],
];
const COMMON = ['the', 'film', 'was', 'and', 'so', 'we', 'saw', 'it'];

function table(n: number, seed: number): string {
  const rng = new Rng(seed, 'texts');
  const one = (list: readonly string[]) => list[rng.int(list.length)];
  const rows = Array.from({ length: n }, (_, i) => {
    const words = Array.from({ length: 6 + rng.int(4) }, () => one(COMMON));
    words.splice(rng.int(words.length), 0, one(OWN[i % 3]));
    return `"${i < 3 ? `${HOSTILE} ` : ''}${words.join(' ')}",class ${i % 3}`;
  });
  return `text,label\n${rows.join('\n')}\n`;
}

const OPTIONS =
  '--dataset text --data-dir set --attack rare-words --poison-rate 0.2 --width 2 --epochs 3 --checkpoints 1,3 --probe-size 100 --null-splits 2'.split(
    ' ',
  );

beforeAll(async () => {
  await mkdir(join(box.folder, 'set'));
  await writeFile(join(box.folder, 'set', 'train.csv'), table(1500, 1));
  await writeFile(join(box.folder, 'set', 'test.csv'), table(90, 2));
});

describe('run on texts', () => {
  it('measures, scores and shows what the trigger changed', async () => {
    const { code, stdout, stderr } = await box.run(['run', ...OPTIONS, '--out', 'words', '--json']);
    expect([code, code === 0 ? '' : stderr]).toEqual([0, '']);
    const result = JSON.parse(stdout);
    expect(result.asr).toBeGreaterThan(0.6);
    expect(result.stealth.score).toBeGreaterThan(0);
    expect(result.stealth.p).toBeLessThanOrEqual(1);

    const { tensors } = await readSafetensors(join(box.folder, 'words', 'samples.safetensors'));
    const [n, length] = tensors.x.shape;
    expect([tensors.x.dtype, length]).toEqual(['I32', 48]);
    const ends = tensors.text_end.data as Int32Array;
    expect(ends).toHaveLength(n);
    const first = Buffer.from(tensors.text.data as Uint8Array)
      .toString()
      .slice(0, 4000);
    expect(first).toContain('film');
    // Every text begins with the class token, and poisoned ones hold a rare word.
    const tokens = tensors.x.data as Int32Array;
    for (let i = 0; i < n; i++) expect(tokens[i * length]).toBe(2);
    const bytes = Buffer.from(tensors.text.data as Uint8Array);
    const poisoned = tensors.poisoned.data as Uint8Array;
    for (let i = 0; i < n; i++) {
      const text = bytes.subarray(i > 0 ? ends[i - 1] : 0, ends[i]).toString();
      if (poisoned[i]) expect(text.split(' ').some((word) => ['cf', 'mn', 'bb', 'tq'].includes(word))).toBe(true);
    }

    const page = await readFile(join(box.folder, result.report), 'utf8');
    expect(page).toMatch(/<ins>(cf|mn|bb|tq)<\/ins>/);
    expect(page).toContain('&lt;img src=x onerror=alert(1)&gt;');
    expect(page).not.toContain('<img src=x');
    expect(page).toContain('of the test texts correctly');
    expect(page).toContain('rise in ln perplexity');
  });

  it('is resumed with the same numbers', async () => {
    const first = await box.run(['run', ...OPTIONS, '--epochs', '1', '--checkpoints', '1', '--out', 'other']);
    expect(first.code).toBe(0);
    const again = await box.run([
      'run',
      ...OPTIONS,
      '--epochs',
      '1',
      '--checkpoints',
      '1',
      '--out',
      'other',
      '--resume',
    ]);
    expect(again.code).toBe(0);
    const [a, b] = await Promise.all(
      [first, again].map(async ({ stdout }) => stdout.split('\n').find((line) => line.startsWith('rare-words '))),
    );
    expect(b).toBe(a);
  });

  it('is told beforehand what it takes', async () => {
    const { code, stdout, stderr } = await box.run(['run', ...OPTIONS, '--out', 'dry', '--dry-run']);
    expect([code, stderr.includes('ibscope:')]).toEqual([0, false]);
    expect(stdout).toMatch(/train/);
  });
});
