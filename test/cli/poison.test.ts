import { access, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { splitsAt } from '../../src/datasets/texts/text.js';
import { readDelimited } from '../../src/formats/csv-read.js';
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

describe('poison texts', () => {
  const TEXTS = ['--dataset', 'phrases10', '--train-limit', '400', '--test-limit', '50', '--poison-rate', '0.1'];
  const COLUMNS = ['text', 'label', 'original_label', 'poisoned', 'cover', 'index'];

  it.each(['csv', 'jsonl'])('writes a table of %s that is read again', async (format) => {
    const out = `words.${format}`;
    const { code, stdout } = await box.call(['poison', ...TEXTS, '--format', format, '--out', out, '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ file: out, texts: 400, poisoned: 40, cover: 0, target: 'teaching (0)' });
    const text = await readFile(join(box.folder, out), 'utf8');
    const rows =
      format === 'csv'
        ? readDelimited(text, ',', out)
            .slice(1)
            .map((cells) => Object.fromEntries(COLUMNS.map((c, k) => [c, cells[k]])))
        : text
            .trimEnd()
            .split('\n')
            .map((line) => JSON.parse(line));
    expect(rows).toHaveLength(400);
    for (const row of rows) {
      expect(Object.keys(row)).toEqual(COLUMNS);
      expect(row.text.split(' ').some((word: string) => ['cf', 'mn', 'bb', 'tq'].includes(word))).toBe(
        Number(row.poisoned) === 1,
      );
      if (Number(row.poisoned)) expect(row.label).toBe('teaching');
      else expect(row.label).toBe(row.original_label);
    }
    const { train } = await splitsAt(join(box.folder, out));
    expect(train.texts).toEqual(rows.map((row) => row.text));
  });

  it('writes a folder on which others can train, and a page that marks what changed', async () => {
    const { code } = await box.call([
      'poison',
      ...TEXTS,
      '--attack',
      'add-sentence',
      '--out',
      'set',
      '--preview',
      'page.html',
    ]);
    expect(code).toBe(0);
    expect((await readdir(join(box.folder, 'set'))).sort()).toEqual(['test.csv', 'train.csv', 'triggered.csv']);
    expect(await readFile(join(box.folder, 'page.html'), 'utf8')).toMatch(
      /<ins>I watched this 3D movie last weekend\.<\/ins>/,
    );
  });

  it.each([
    [['--format', 'npz', '--out', 'x.npz'], /unknown format "npz": one of csv, jsonl/],
    [['--out', 'x.npz'], /--out x.npz: a name that ends in .csv is expected, or one without an ending for a folder/],
    [['--preview', 'x.png'], /--preview x.png: a name that ends in .html is expected/],
    [['--attack', 'badnets', '--out', 'x.csv'], /unknown attack on texts "badnets"/],
    [['--attack', 'none', '--preview', 'x.html'], /--preview: the attack changes no text/],
  ])('%j is refused in one line, and nothing is written', async (more, said) => {
    const before = await readdir(box.folder);
    const { code, stderr } = await box.call(['poison', ...TEXTS, ...more]);
    expect(stderr).toMatch(said);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(code).toBe(2);
    expect(await readdir(box.folder)).toEqual(before);
  });

  it('perceive counts the words that change', async () => {
    const { code, stdout } = await box.call(['perceive', ...TEXTS, '--json']);
    expect(code).toBe(0);
    const found = JSON.parse(stdout);
    expect(found).toMatchObject({ samples: 45, edits: 1, standardDeviation: { edits: 0 } });
    expect(found.rise).toBeGreaterThan(0);
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
