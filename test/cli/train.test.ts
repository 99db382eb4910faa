import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sandbox } from './helpers.js';

const box = sandbox();

describe('train', () => {
  it.each([
    [['nowhere'], /nowhere: no such file or folder/],
    [[], /missing required argument 'set'/],
    [['x', '--epochs', '0'], /--epochs 0: a whole number from 1/],
    [['x', '--width', '1.5'], /--width 1\.5: a whole number from 1/],
    [['x', '--seed', '-1'], /--seed -1: a whole number from 0/],
    [['x', '--resume'], /--resume: name the training to resume with --out DIR/],
    [
      ['x', '--defence', 'fine-prune'],
      /unknown defence "fine-prune": one of none, watch, .*Did you mean "fine-pruning"\?/,
    ],
    [
      ['.', '--defence', 'fine-pruning'],
      /--defence fine-pruning: name samples that are known to be clean with --trusted/,
    ],
    [['x', '--tune-rate', '0.1'], /--tune-rate is an option of --defence fine-pruning/],
    [['x', '--defence', 'fine-pruning', '--tune-rate', '0'], /--tune-rate 0: a number above 0, at most 1, is allowed/],
    [['x', '--defend', '--defence', 'abl'], /--defend is --defence watch; leave it out with --defence abl/],
    [['x', '--defened'], /unknown option '--defened'.*--defend/],
  ])('%j is refused in one line, and nothing is written', async (more, said) => {
    const before = await readdir(box.folder);
    const { code, stdout, stderr } = await box.call(['train', ...more]);
    expect(stderr).toMatch(said);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(await readdir(box.folder)).toEqual(before);
  });

  it('does not write into a folder that holds something', async () => {
    const out = join(box.folder, 'there');
    await mkdir(out);
    await writeFile(join(out, 'mine.txt'), 'a');
    for (const [set, more, said] of [
      ['.', [], /it exists already; add --resume/],
      ['nowhere', ['--resume'], /no such file or folder/],
    ] as const) {
      const { code, stderr } = await box.call(['train', set, '--out', out, ...more]);
      expect(stderr).toMatch(said);
      expect(code).toBe(2);
    }
  });
});
