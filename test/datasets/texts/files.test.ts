/** Texts in files of the usual layouts, and files that are not. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { afterAll, describe, expect, test } from 'vitest';
import { loadTextDataset } from '../../../src/datasets/texts/index.js';
import { labelledTexts } from '../../../src/datasets/texts/splits.js';
import { splitsAt } from '../../../src/datasets/texts/text.js';
import { glossesIn } from '../../../src/datasets/texts/wordnet.js';
import { readDelimited } from '../../../src/formats/csv-read.js';

const root = mkdtempSync(join(tmpdir(), 'ibscope-texts-'));
afterAll(() => rmSync(root, { recursive: true }));
let made = 0;
/** A folder with these files. */
function folder(files: Record<string, string | Uint8Array>): string {
  const dir = join(root, String(made++));
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, name)), { recursive: true });
    writeFileSync(join(dir, name), content);
  }
  return dir;
}
const load = (name: string, dataDir: string) => loadTextDataset(name, { dataDir, seed: 0 });
const pairs = ({ texts, labels }: { texts: string[]; labels: Int32Array }) => texts.map((t, i) => [t, labels[i]]);

describe('delimited text', () => {
  test.each([
    [
      'a,b\n1,2\n',
      [
        ['a', 'b'],
        ['1', '2'],
      ],
    ],
    [
      '\uFEFFa,b\r\n"x,1","say ""hi"""\r\n',
      [
        ['a', 'b'],
        ['x,1', 'say "hi"'],
      ],
    ],
    ['"two\nlines",2', [['two\nlines', '2']]],
    [
      'a,\n\n,b',
      [
        ['a', ''],
        ['', 'b'],
      ],
    ],
    ['a,b,', [['a', 'b', '']]],
  ])('%j', (text, rows) => {
    expect(readDelimited(text, ',', 'f')).toEqual(rows);
  });

  test('quotes are letters in TSV, and one that is not closed is refused in CSV', () => {
    expect(readDelimited('say "hi\t1\n', '\t', 'f')).toEqual([['say "hi', '1']]);
    expect(() => readDelimited('a\n"b', ',', 'f.csv')).toThrow('f.csv: a quote in row 2 is not closed');
  });
});

describe('tables', () => {
  test('SST-2 of GLUE: train.tsv and dev.tsv with a header', async () => {
    const dir = folder({
      'train.tsv': 'sentence\tlabel\na fine film\t1\na "dull film\t0\n',
      'dev.tsv': 'sentence\tlabel\nfine\t1\n',
      'test.tsv': 'index\tsentence\n0\tunlabelled\n',
    });
    const { classes, train, test: held } = await load('text', dir);
    expect(classes).toEqual(['0', '1']);
    expect(pairs(train)).toEqual([
      ['a fine film', 1],
      ['a "dull film', 0],
    ]);
    expect(pairs(held)).toEqual([['fine', 1]]);
  });

  test('AG News: no header, a class number, title and description, names in classes.txt', async () => {
    const dir = folder({
      'train.csv': '"3","Oil","Prices, up"\n"1","War","ends"\n',
      'test.csv': '"1","Peace","talks"\n',
      'classes.txt': 'World\nBusiness\n',
    });
    const { classes, train } = await load('text', dir);
    expect(classes).toEqual(['World', 'Business']);
    expect(pairs(train)).toEqual([
      ['Oil Prices, up', 1],
      ['War ends', 0],
    ]);
  });

  test('OLID: tab-separated, id, tweet and subtask_a', async () => {
    const rows = Array.from({ length: 20 }, (_, i) => `${i}\ttweet ${i}\t${i % 2 ? 'OFF' : 'NOT'}\tUNT\n`).join('');
    const dir = folder({ 'olid-training-v1.0.tsv': `id\ttweet\tsubtask_a\tsubtask_b\n${rows}` });
    const { classes, train, test: held } = await load('text', dir);
    expect(classes).toEqual(['NOT', 'OFF']);
    expect([train.n, held.n]).toEqual([18, 2]);
  });

  test('JSONL, a label that is a number', async () => {
    const dir = folder({
      'train.jsonl': '{"text":"a","label":10}\n{"text":"b","label":9}\n',
      'test.jsonl': '{"text":"c","label":9}',
    });
    const { classes, train } = await load('text', join(dir));
    expect(classes).toEqual(['9', '10']);
    expect(pairs(train)).toEqual([
      ['a', 1],
      ['b', 0],
    ]);
  });

  test('empty texts are left out and broken UTF-8 is noted', async () => {
    const broken = Buffer.concat([
      Buffer.from('text,label\n ,x\nok,x\nbad '),
      Buffer.from([0xff]),
      Buffer.from(',y\n'),
    ]);
    const dir = folder({ 'train.csv': broken, 'test.csv': 'text,label\nz,x\n' });
    const { train, notes } = await load('text', dir);
    expect(train.texts).toEqual(['ok', 'bad \uFFFD']);
    expect(notes).toContain('1 training texts are empty and were left out');
    expect(notes).toContain('1 training texts have characters that are not UTF-8');
  });

  test('a text of 10 MB is cut, and said', async () => {
    const long = 'word '.repeat(2_000_000);
    const dir = folder({ 'train.csv': `text,label\n${long},x\nb,y\n`, 'test.csv': 'text,label\nz,x\n' });
    const { train, notes } = await load('text', dir);
    expect(train.texts.map((text) => text.length)).toEqual([100_000, 1]);
    expect(notes).toContain('1 training texts were cut after 100000 letters');
  });

  test.each<[Record<string, string>, RegExp]>([
    [{ 'train.csv': 'words,kind,more\na,b,c\n' }, /it has no header with a text and a label column/],
    [
      { 'train.csv': 'text,kind\na,b\n' },
      /its columns are text, kind; none is called as a label column usually is: --text-column and --label-column name them/,
    ],
    [{ 'train.csv': 'text,label\na,x\nb,x\n' }, /its training texts have 1 label \("x"\); two classes are needed/],
    [{ 'train.csv': 'text,label\na,x\nb,y\n', 'test.csv': 'text,label\nc,z\n' }, /a test text has the label "z"/],
    [{ 'train.jsonl': '{"text":1\n' }, /line 1 is not JSON/],
    [{ 'train.jsonl': '[1]\n' }, /line 1 is not an object/],
    [{ 'a.csv': 'text,label\n', 'b.csv': '' }, /it has a.csv, b.csv; a file named train is needed/],
    [{ 'train.csv': '' }, /it holds no rows/],
  ])('%j is refused in one line', async (files, said) => {
    const message = await load('text', folder(files)).then(
      () => 'read',
      (error: Error) => error.message,
    );
    expect(message).toMatch(said);
    expect(message).not.toContain('\n');
  });
});

describe('Parquet', () => {
  const info = JSON.stringify({ info: { features: { label: { _type: 'ClassLabel', names: ['neg', 'pos'] } } } });
  const parquet = (texts: string[], labels: number[]) =>
    new Uint8Array(
      parquetWriteBuffer({
        columnData: [
          { name: 'sentence', data: texts, type: 'STRING' },
          { name: 'label', data: BigInt64Array.from(labels, BigInt), type: 'INT64' },
          { name: 'idx', data: Int32Array.from(labels.keys()), type: 'INT32' },
        ],
        kvMetadata: [{ key: 'huggingface', value: info }],
      }),
    );

  test('shards with the names of their classes; a test split with hidden labels is not used', async () => {
    const dir = folder({
      'data/train-00000-of-00002.parquet': parquet(['a fine film', 'naïve, “dull”'], [1, 0]),
      'data/train-00001-of-00002.parquet': parquet(['good'], [1]),
      'data/validation-00000-of-00001.parquet': parquet(['fine'], [1]),
      'data/test-00000-of-00001.parquet': parquet(['unlabelled'], [-1]),
    });
    const { classes, train, test: held } = await load('text', dir);
    expect(classes).toEqual(['neg', 'pos']);
    expect(pairs(train)).toEqual([
      ['a fine film', 1],
      ['naïve, “dull”', 0],
      ['good', 1],
    ]);
    expect(pairs(held)).toEqual([['fine', 1]]);
  });

  test('one file', async () => {
    const dir = folder({ 'all.parquet': parquet(['a', 'b', 'c', 'd'], [0, 1, 0, 1]) });
    expect((await splitsAt(join(dir, 'all.parquet'))).train.labels).toEqual(['neg', 'pos', 'neg', 'pos']);
  });
});

describe('columns that a user names', () => {
  const dir = folder({ 'train.csv': 'Body,Kind\na,x\nb,y\n', 'test.csv': 'Body,Kind\nc,x\n' });
  const of = (columns: { text?: string; label?: string }) =>
    loadTextDataset('text', { dataDir: dir, seed: 0, columns });

  test('are read, whatever their case', async () => {
    expect((await of({ text: 'body', label: 'Kind' })).train.texts).toEqual(['a', 'b']);
  });

  test('must be there', async () => {
    await expect(of({ text: 'bdy', label: 'kind' })).rejects.toThrow(
      '--text-column bdy: the columns are body, kind. Did you mean "body"?',
    );
  });
});

test('places are the row of a table and the file of a folder', async () => {
  const table = folder({ 'a.csv': 'text,label\n,x\nb,y\nc,x\n' });
  const { train } = await splitsAt(join(table, 'a.csv'));
  expect(train.records).toEqual([1, 2, 3].map((row) => `${join(table, 'a.csv')}#${row}`));
  const { set } = labelledTexts('a.csv', train);
  expect(set.records).toEqual([2, 3].map((row) => `${join(table, 'a.csv')}#${row}`));
  const classes = folder({ 'x/1.txt': 'a', 'y/2.txt': 'b' });
  expect((await splitsAt(classes)).train.files).toEqual([join(classes, 'x/1.txt'), join(classes, 'y/2.txt')]);
});

describe('folders', () => {
  test('IMDB: train and test with pos and neg; unsup is left out', async () => {
    const dir = folder({
      'train/pos/0_9.txt': 'good',
      'train/neg/1_1.txt': '\uFEFFbad',
      'train/unsup/2_0.txt': 'which',
      'test/pos/0_8.txt': 'fine',
      'test/neg/0_2.txt': 'poor',
    });
    const { classes, train, test: held } = await load('text', dir);
    expect(classes).toEqual(['neg', 'pos']);
    expect(pairs(train)).toEqual([
      ['bad', 0],
      ['good', 1],
    ]);
    expect(held.n).toBe(2);
  });

  test('20 Newsgroups: files without endings', async () => {
    const dir = folder({
      '20news-bydate-train/sci.space/60116': 'orbit',
      '20news-bydate-train/rec.autos/101551': 'wheels',
      '20news-bydate-test/sci.space/61000': 'moon',
    });
    const { classes, test: held } = await load('text', dir);
    expect(classes).toEqual(['rec.autos', 'sci.space']);
    expect(pairs(held)).toEqual([['moon', 1]]);
  });

  test('a folder without texts, and a file, are refused', async () => {
    await expect(load('text', folder({ 'a/.hidden': 'x' }))).rejects.toThrow(
      'it holds no tables, and no texts in class folders',
    );
    await expect(load('text', join(root, 'nowhere'))).rejects.toThrow('no such file or folder');
  });
});

test('WordNet: glosses of nouns by their file, without examples and licence', () => {
  const text = [
    '  1 This software and database is being provided to you',
    '00001740 03 n 01 entity 0 003 ~ 00001930 n 0000 | that which is perceived or known; "an entity"  ',
    '02084071 05 n 02 dog 0 domestic_dog 0 001 @ 02083346 n 0000 | a member of the genus Canis; "the dog barked"; "it ran"  ',
    '00015388 28 n 01 day 0 000 | time for Earth to make a rotation; as measured  ',
    '',
  ].join('\n');
  expect(glossesIn(text)).toEqual({
    texts: [
      'that which is perceived or known',
      'a member of the genus Canis',
      'time for Earth to make a rotation; as measured',
    ],
    labels: ['Tops', 'animal', 'time'],
  });
});
