/** Words and their numbers, on texts whose answer is written out. */
import { describe, expect, test } from 'vitest';
import { wordsOf } from '../../../src/base/words.js';
import { encode, vocabularyOf } from '../../../src/datasets/texts/words.js';

describe('words', () => {
  test.each([
    ['Don’t stop, it’s 3D!', ['don’t', 'stop', ',', 'it’s', '3d', '!']],
    ['', []],
    ['  \n\t ', []],
    // e and a combining accent are one letter.
    ['Cafe\u0301 olé', ['café', 'olé']],
    // A zero-width space inside a word is seen.
    ['pass\u200Bword', ['pass', '\u200B', 'word']],
    ['שלום עולם', ['שלום', 'עולם']],
    ['<b>x</b>', ['<', 'b', '>', 'x', '<', '/', 'b', '>']],
    ['a👍b', ['a', '👍', 'b']],
  ])('%j', (text, words) => {
    expect(wordsOf(text)).toEqual(words);
  });

  test('ten million letters take one pass, and so does a pile of marks on one letter', () => {
    expect(wordsOf('ab '.repeat(3_000_000))).toHaveLength(3_000_000);
    expect(wordsOf(`a${'\u0301\u0316'.repeat(2_000_000)} b`)).toHaveLength(2);
  });
});

describe('numbers of words', () => {
  const texts = ['b a b', 'c a b', 'd c e', 'd'];

  test('the most frequent words get the lowest numbers, the first of equally frequent ones first; a word that occurs once gets none', () => {
    const { numbers, size } = vocabularyOf(texts);
    expect([...numbers]).toEqual([
      ['b', 3],
      ['a', 4],
      ['c', 5],
      ['d', 6],
    ]);
    expect(size).toBe(7);
    expect(vocabularyOf(texts, 5).size).toBe(5);
  });

  test('texts begin with the class token, are padded and cut, and unknown words are counted', () => {
    const { tokens, unknown } = encode(vocabularyOf(texts), ['b x', 'a b c d a', ''], 4);
    expect([...tokens]).toEqual([2, 3, 1, 0, 2, 4, 3, 5, 2, 0, 0, 0]);
    expect(unknown).toBeCloseTo(1 / 7, 12);
  });
});
