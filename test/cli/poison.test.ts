import { access, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sandbox } from './helpers.js';

const box = sandbox();
const SMALL = ['--train-limit', '500', '--test-limit', '60'];

describe('poison', () => {
  it.each([
    [['--format', 'zip', '--out', 'x'], /unknown format "zip".*npz, folder, bin/],
    [[], /--out or --preview is needed/],
    [['--preview', 'x.jpg'], /--preview x.jpg.*\.png/],
    [['--attack', 'all', '--out', 'x.npz'], /--attack all: only --preview/],
    [['--attack', 'none', '--preview', 'x.png'], /--preview: the attack changes no image/],
    [['--rule', 'all-to-many', '--out', 'x.npz'], /--rule all-to-many: one of all-to-one, all-to-all/],
    [['--rule', 'source-specific', '--out', 'x.npz'], /needs source classes/],
    [['--source', '3,x', '--out', 'x.npz'], /unknown class of --source "x": one of disk, /],
    [['--train-limit', '502', '--format', 'bin', '--out', 'x'], /502 images do not make 5 equal batches/],
    [['--attack', 'label-consistent', '--attack-option', 'surrogate=resnet', '--out', 'x.npz'], /"resnet".*resnet18/],
  ])('%j is refused in one line, and nothing is written', async (more, said) => {
    const before = await readdir(box.folder);
    const { code, stdout, stderr } = await box.call(['poison', ...SMALL, ...more]);
    expect(stderr).toMatch(said);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(await readdir(box.folder)).toEqual(before);
  });
});

describe('perceive', () => {
  it('gives the means of every measure; a 5×5 red corner changes 25 pixels of 1 024', async () => {
    const { code, stdout } = await box.call(['perceive', ...SMALL, '--attack', 'badnets', '--json']);
    expect(code).toBe(0);
    const found = JSON.parse(stdout);
    expect(found).toMatchObject({ attack: 'badnets', dataset: 'shapes10', split: 'test', samples: 54 });
    for (const name of ['l1', 'l2', 'linf', 'mse', 'psnr', 'ssim', 'ssimfull', 'sam', 'phash'])
      expect(found[name]).toBeGreaterThan(0);
    expect(found.msssim).toBeNull();
    expect(found.l1).toBeLessThan(25 / 1024);
  });

  it('--split train measures what the poisoned training set holds', async () => {
    const { stdout } = await box.call(['perceive', ...SMALL, '--attack', 'blend', '--split', 'train', '--json']);
    expect(JSON.parse(stdout).samples).toBe(50);
  });

  it('none touches nothing: no difference, and no PSNR', async () => {
    const { stdout } = await box.call(['perceive', ...SMALL, '--attack', 'none', '--json']);
    expect(JSON.parse(stdout)).toMatchObject({ l1: 0, mse: 0, ssim: 1, psnr: null, samples: 60 });
  });

  it('refuses a network that is not there', async () => {
    const { code, stderr } = await box.call(['perceive', ...SMALL, '--lpips', 'alex.onnx']);
    expect([code, stderr]).toEqual([2, 'ibscope: --lpips alex.onnx: no such file\n']);
    await expect(access(join(box.folder, 'alex.onnx'))).rejects.toThrow();
  });
});
