import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sandbox } from './helpers.js';

const box = sandbox();

describe('adapt', () => {
  it.each([
    [[], /--out: name the trigger file/],
    [['--out', 'x'], /--out x: a name that ends in \.npz/],
    [['--out', 'x.npz', '--epsilon', '2'], /--epsilon 2: a number from .* to 1 is allowed/],
    [['--out', 'x.npz', '--lambda', ''], /--lambda '': a value is expected/],
    [['--out', 'x.npz', '--form', 'wrap'], /unknown form "wrap": one of additive, mask, warp.*Did you mean "warp"\?/],
    [['--out', 'x.npz', '--form', 'warp', '--epsilon', '9'], /--epsilon 9: a number from 0\.05 to 8 is allowed/],
    [
      ['--out', 'x.npz', '--late', '1', '--checkpoints', '7'],
      /--late: --checkpoints needs a moment in the first third of the training/,
    ],
    [['--out', 'x.npz', '--rounds', '1.5'], /--rounds 1\.5: a whole number from 0/],
    [['--out', 'x.npz', '--surrogates', '0'], /--surrogates 0: a whole number from 1/],
    [['--out', 'x.npz', '--cover', '1'], /--cover 1: a number from 0 to 0\.9/],
    [['--out', 'x.npz', '--poison-rate', '0'], /--poison-rate 0: more than 0/],
    [['--out', 'x.npz', '--noise', '0'], /--noise 0: --instrument resolved needs noise/],
    [['--out', 'x.npz', '--model', 'resnet11'], /unknown model "resnet11".*resnet10/],
    [['--out', 'x.npz', '--roundz', '3'], /unknown option '--roundz'.*--rounds/],
    [['--out', 'x.npz', '--target', 'cat'], /unknown class of --target "cat"/],
  ])('%j is refused in one line, and nothing is written', async (more, said) => {
    const before = await readdir(box.folder);
    const { code, stdout, stderr } = await box.call(['adapt', '--train-limit', '500', ...more]);
    expect(stderr).toMatch(said);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(await readdir(box.folder)).toEqual(before);
  });

  it('does not overwrite a file', async () => {
    await writeFile(join(box.folder, 'there.npz'), 'a');
    const { code, stderr } = await box.call(['adapt', '--train-limit', '500', '--out', join(box.folder, 'there.npz')]);
    expect(stderr).toMatch(/there\.npz: it exists already; add --resume/);
    expect(code).toBe(2);
  });
});
