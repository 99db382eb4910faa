/** Stealth of texts: edit distances from tables, and a trigram model against sums by hand. */
import { describe, expect, test } from 'vitest';
import { Trigrams } from '../../src/perception/ngram.js';
import { perceiveTexts, wordEdits } from '../../src/perception/texts.js';

test.each([
  ['kitten', 'sitting', 3],
  ['', 'abc', 3],
  ['abc', '', 3],
  ['abc', 'abc', 0],
  ['flaw', 'lawn', 2],
])('the distance of %s and %s is %d', (a, b, edits) => {
  expect(wordEdits([...a], [...b])).toBe(edits);
});

describe('trigrams', () => {
  const model = new Trigrams(['a b', 'a b', 'a c']);

  test('probabilities after any context sum to 1', () => {
    for (const context of [
      ['<s>', '<s>'],
      ['a', 'b'],
      ['x', 'y'],
      ['b', 'a'],
    ]) {
      const sum = [...model.vocabulary].reduce((s, word) => s + model.probability(context, word), 0);
      expect(sum).toBeCloseTo(1, 12);
    }
  });

  test('they are those of Witten and Bell', () => {
    // Words: a, b, the end and the unknown word, which stands for c. Nine words in all, of four kinds.
    expect([...model.vocabulary].sort()).toEqual(['</s>', '<unk>', 'a', 'b']);
    const one = (count: number) => (count + 4 / 4) / (9 + 4);
    // After a: b twice, unknown once; after <s> a the same.
    const two = (2 + 2 * one(2)) / (3 + 2);
    expect(model.probability([], 'b')).toBeCloseTo(one(2), 12);
    expect(model.probability(['a'], 'b')).toBeCloseTo(two, 12);
    expect(model.probability(['<s>', 'a'], 'b')).toBeCloseTo((2 + 2 * two) / (3 + 2), 12);
  });

  test('a text with a word that was never seen is more surprising', () => {
    expect(model.surprise('a z')).toBeGreaterThan(model.surprise('a b'));
  });
});

test('measures of inserted words', () => {
  const training = Array.from({ length: 50 }, () => 'the film was good').concat('the film was bad', 'the film was bad');
  const clean = ['the film was good', 'the film was bad'];
  const triggered = ['the cf film was good', 'the film was cf bad mn'];
  const { edits, changed, perplexity, rise } = perceiveTexts(clean, triggered, training);
  expect(edits.mean).toBe(1.5);
  expect(changed.mean).toBeCloseTo((1 / 5 + 2 / 6) / 2, 12);
  expect(perplexity.mean).toBeGreaterThan(1);
  expect(rise.mean).toBeGreaterThan(0.2);
  expect(perceiveTexts(clean, clean, training).rise.mean).toBe(0);
});
