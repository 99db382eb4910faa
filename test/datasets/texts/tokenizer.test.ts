/** Tokenizers of others: answers worked out by hand, and files that hold none. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { resolveConfig } from '../../../src/config/resolve.js';
import { readTokenizer } from '../../../src/datasets/texts/tokenizer.js';
import { makeTexts } from '../../../src/poisoning/texts.js';

const box = mkdtempSync(join(tmpdir(), 'ibscope-tokenizer-'));
afterAll(() => rmSync(box, { recursive: true }));
const file = (name: string, content: unknown) => {
  const path = join(box, name);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
};

const PIECES = [
  '[PAD]',
  '[UNK]',
  '[CLS]',
  '[SEP]',
  'un',
  '##aff',
  '##able',
  'the',
  'affable',
  '##s',
  '.',
  'a',
  '##t',
  't',
];
/** WordPiece as BERT has it (Devlin et al. 2019): the longest piece first. */
const bert = {
  version: '1.0',
  added_tokens: [],
  normalizer: {
    type: 'BertNormalizer',
    clean_text: true,
    handle_chinese_chars: true,
    strip_accents: null,
    lowercase: true,
  },
  pre_tokenizer: { type: 'BertPreTokenizer' },
  post_processor: null,
  decoder: null,
  model: {
    type: 'WordPiece',
    unk_token: '[UNK]',
    continuing_subword_prefix: '##',
    max_input_chars_per_word: 100,
    vocab: Object.fromEntries(PIECES.map((piece, k) => [piece, k])),
  },
};

test('WordPiece: the example of its paper, capitals, and an unknown word', async () => {
  const split = await readTokenizer(file('bert.json', bert));
  expect(split('unaffable')).toEqual(['un', '##aff', '##able']);
  expect(split('The affables.')).toEqual(['the', 'affable', '##s', '.']);
  expect(split('zorb at')).toEqual(['[UNK]', 'a', '##t']);
  expect(split('')).toEqual([]);
});

test('BPE: merges in the order of the list', async () => {
  const bpe = {
    ...bert,
    normalizer: null,
    pre_tokenizer: { type: 'Whitespace' },
    model: {
      type: 'BPE',
      unk_token: null,
      vocab: { l: 0, o: 1, w: 2, e: 3, r: 4, lo: 5, low: 6, er: 7 },
      merges: ['l o', 'lo w', 'e r'],
    },
  };
  const split = await readTokenizer(file('bpe.json', bpe));
  expect(split('lower low')).toEqual(['low', 'er', 'low']);
});

test('a folder with tokenizer.json', async () => {
  mkdirSync(join(box, 'model'));
  writeFileSync(join(box, 'model', 'tokenizer.json'), JSON.stringify(bert));
  expect((await readTokenizer(join(box, 'model')))('unaffable')).toHaveLength(3);
});

test('a run reads its pieces: those of the training set are numbered, the class token first', async () => {
  const tokenizer = file('run.json', {
    ...bert,
    pre_tokenizer: { type: 'Whitespace' },
    model: { ...bert.model, vocab: { '[UNK]': 0, the: 1, of: 2, a: 3, cf: 4 } },
  });
  const config = resolveConfig({ dataset: 'phrases10', trainLimit: 300, testLimit: 50, tokenizer });
  const { poisoned, dataset } = await makeTexts(config);
  // The five pieces, some of which no text has, and the three numbers that stand for no word.
  expect(poisoned.vocabulary).toBeLessThanOrEqual(8);
  expect(poisoned.vocabulary).toBeGreaterThanOrEqual(6);
  for (let i = 0; i < poisoned.n; i++) expect(poisoned.tokens[i * poisoned.length]).toBe(2);
  expect(dataset.notes?.at(-1)).toMatch(/of the words of the test texts/);
});

test.each([
  ['nowhere.json', null, /^--tokenizer .*nowhere\.json: no such file$/],
  ['words.json', 'not json', /words\.json: is not JSON of a tokenizer$/],
  ['list.json', '3', /list\.json: is not JSON of a tokenizer$/],
  ['empty.json', '{}', /empty\.json: holds no tokenizer that is read \(/],
])('%s is refused in one line', async (name, content, said) => {
  const path = content === null ? join(box, name) : file(name, content);
  const message = await readTokenizer(path).then(
    () => 'read',
    (error: Error) => error.message,
  );
  expect(message).toMatch(said);
  expect(message).not.toContain('\n');
});

test('images have no tokenizer', () => {
  expect(() => resolveConfig({ tokenizer: 'x.json' })).toThrow(
    '--tokenizer x.json: shapes10 has images; it is for texts',
  );
});
