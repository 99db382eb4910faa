/** `ibscope audit` of texts: from a table to a verdict, the named texts, a page and a cleaned set. */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { splitsAt } from '../../src/datasets/texts/text.js';
import { sandbox } from './helpers.js';

const box = sandbox();
const POISON = ['poison', '--dataset', 'phrases10', '--train-limit', '3000', '--poison-rate', '0.05'];

beforeAll(async () => {
  await box.call([...POISON, '--attack', 'add-sentence', '--out', 'reviews.csv']);
  await box.call([...POISON, '--attack', 'none', '--format', 'jsonl', '--out', 'clean.jsonl']);
});

describe('audit of a table', () => {
  it('names the triggered texts by their rows, and exits with 3', async () => {
    const { code, stdout } = await box.call([
      'audit',
      'reviews.csv',
      '--out',
      'found',
      '--write-clean',
      'cleaned',
      '--json',
    ]);
    expect(code).toBe(3);
    const found = JSON.parse(stdout);
    expect(found).toMatchObject({
      verdict: 'suspicious',
      samples: 'texts',
      suspiciousClasses: ['teaching'],
      notes: [],
    });
    const { train } = await splitsAt(join(box.folder, 'reviews.csv'));
    const triggered = train.texts.flatMap((text, i) => (text.includes('3D movie') ? [`reviews.csv#${i + 1}`] : []));
    expect(new Set(found.suspicious)).toEqual(new Set(triggered));
    expect((await readdir(join(box.folder, 'found'))).sort()).toEqual([
      'audit.json',
      'samples.csv',
      'suspicious.txt',
      'texts.html',
      'texts.json',
    ]);
    const cleaned = await splitsAt(join(box.folder, 'cleaned'));
    expect(cleaned.train.texts).toEqual(train.texts.filter((text) => !text.includes('3D movie')));
    expect(await readFile(join(box.folder, 'found', 'texts.html'), 'utf8')).toContain('<ins>3D</ins>');
  });

  it('says in words what decides, and prints a finished audit again', async () => {
    const { code, stdout } = await box.call(['audit', 'reviews.csv', '--out', 'found', '--resume']);
    expect(code).toBe(3);
    expect(stdout).toMatch(
      /^Suspicious: "teaching"\. 150 texts of "teaching" with .*"3d".* whatever their other words say/,
    );
    expect(stdout).toContain('page: found/texts.html');
  });

  it('finds nothing in a clean set', async () => {
    const { code, stdout } = await box.call(['audit', 'clean.jsonl', '--out', 'nothing', '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ verdict: 'nothing found', suspicious: [], suspiciousClasses: [] });
  });

  it('copies the test texts of a folder beside the cleaned ones, as they are', async () => {
    const { train } = await splitsAt(join(box.folder, 'reviews.csv'));
    for (const [k, split] of ['docs-train', 'docs-test'].entries())
      for (const topic of [...new Set(train.labels)]) {
        const into = join(box.folder, 'whole', split, topic);
        await mkdir(into, { recursive: true });
        const rows = [...train.texts.keys()].filter((i) => train.labels[i] === topic);
        for (const i of k === 0 ? rows : rows.slice(0, 2)) await writeFile(join(into, `${i}.txt`), train.texts[i]);
      }
    const { code } = await box.call(['audit', 'whole', '--out', 'found-whole', '--write-clean', 'whole-clean']);
    expect(code).toBe(3);
    const [before, after] = [
      await splitsAt(join(box.folder, 'whole')),
      await splitsAt(join(box.folder, 'whole-clean')),
    ];
    expect(after.train.texts).toHaveLength(before.train.texts.length - 150);
    expect(after.test).toEqual({
      ...before.test,
      files: before.test!.files!.map((file) => file.replace('/whole/', '/whole-clean/')),
    });
  });

  it('reads the columns that are named', async () => {
    const rows = (await readFile(join(box.folder, 'reviews.csv'), 'utf8')).replace('text,label', 'Body,stars');
    await writeFile(join(box.folder, 'odd.csv'), rows);
    const named = await box.call([
      'audit',
      'odd.csv',
      '--text-column',
      'body',
      '--label-column',
      'stars',
      '--out',
      'odd',
    ]);
    expect(named.code).toBe(3);
    const missing = await box.call(['audit', 'odd.csv', '--text-column', 'bod', '--out', 'odd2']);
    expect([missing.code, missing.stderr]).toEqual([
      2,
      'ibscope: --text-column bod: the columns are body, stars, original_label, poisoned, cover, index. Did you mean "body"?\n',
    ]);
  });

  it.each([
    [['reviews.csv', '--intervene', 'all'], /reviews.csv holds texts, whose audit trains no network/],
    [['nowhere.csv'], /nowhere.csv: no such file or folder/],
    [['reviews.csv', '--out', 'found'], /--out found: it exists already/],
  ])('%j is refused in one line', async (more, said) => {
    const { code, stderr } = await box.call(['audit', ...more]);
    expect(stderr).toMatch(said);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(code).toBe(2);
  });

  it('train takes images, and says so', async () => {
    const { code, stderr } = await box.call(['train', 'reviews.csv', '--out', 'x']);
    expect([code, stderr]).toEqual([2, 'ibscope: reviews.csv: it holds texts; train takes images\n']);
  });
});
