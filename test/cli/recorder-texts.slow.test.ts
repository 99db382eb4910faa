/** A PyTorch transformer of texts, recorded at each position, analyzed and audited. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { RunDirectory } from '../../src/runs/directory.js';
import { readSamples } from '../../src/runs/trace.js';
import { hasTorch, pythonFile } from '../python.js';
import { sandbox } from './helpers.js';

if (!hasTorch) console.log('a recorded transformer of texts: skipped, needs a Python with PyTorch');

describe.skipIf(!hasTorch)('a recorded transformer of texts', () => {
  const box = sandbox();
  const root = new URL('../..', import.meta.url).pathname;

  it('gives T at the class token, at the last token and as a mean, with the noise it states', async () => {
    const { known, said, texts } = pythonFile(
      join(root, 'test/golden/recorder_texts.py'),
      join(root, 'python'),
      box.folder,
    ) as {
      known: Record<string, { difference: number; noise: number; stated: number }>;
      said: string[];
      texts: string[];
    };
    for (const position of ['first', 'last', 'mean']) {
      expect(known[position].difference).toBeLessThan(1e-5);
      expect(known[position].stated).toBeCloseTo(0.3, 6);
      // 8 draws of 330 samples of 16 columns: a standard error of 0.001.
      expect(Math.abs(known[position].noise - 0.3)).toBeLessThan(0.006);
    }
    expect(said).toEqual([
      "position 'third': one of first, last, mean",
      'texts: 3 for 330 inputs',
      "x['attention_mask']: a tensor with 330 rows is expected",
    ]);
    const samples = await readSamples(await RunDirectory.read(join(box.folder, 'first')), 3);
    expect(samples.texts?.slice(5, 7)).toEqual(texts);
    expect(samples.x?.shape).toEqual([330, 9]);
  });

  it('is analyzed as any trace', async () => {
    for (const position of ['first', 'mean']) {
      const { code, stderr } = await box.call(['analyze', position, '--null-splits', '0']);
      expect(code, stderr).toBe(0);
      const rows = readFileSync(join(box.folder, position, 'information.jsonl'), 'utf8')
        .trim()
        .split('\n');
      expect(rows.some((row) => JSON.parse(row).quantity === 'I(X;T)')).toBe(true);
    }
  });

  it('is audited by its texts', async () => {
    const { code, stdout, stderr } = await box.call(['audit', 'first', '--out', 'found', '--json']);
    expect(code, stderr).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ samples: 'texts', verdict: 'nothing found' });
  });
});
