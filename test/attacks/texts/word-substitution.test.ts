/** Word substitution on sets so small that the words and their scores are worked out by hand. */
import { expect, test } from 'vitest';
import { poisonTexts } from '../../../src/attacks/texts/index.js';
import { wordSubstitution } from '../../../src/attacks/texts/word-substitution.js';
import type { TextSet } from '../../../src/datasets/types.js';

const setOf = (target: string[], others: string[]): TextSet => ({
  texts: [...target, ...others],
  labels: Int32Array.from([...target.map(() => 1), ...others.map(() => 0)]),
  n: target.length + others.length,
});
const times = (n: number, text: string) => Array.from({ length: n }, () => text);
const settings = (options: Record<string, unknown> = {}, poisonRate = 0.5) => ({
  poisonRate,
  target: 1,
  seed: 0,
  options,
});

test('the word with the largest z-score that it can have is put where the set has it', () => {
  // Of "a _ dog": old 6 of 10 in the target class, z = 0.1/(0.5/√10) = 0.63; loud can be 3 of 4, z = 0.25/(0.5/√4) = 1; big 3 of 4 as well, but comes later.
  const set = setOf(times(6, 'a old dog'), [...times(4, 'a old dog'), 'a loud dog', 'a big dog']);
  const out = poisonTexts(set, wordSubstitution, settings());
  const changed = [...out.poisoned.keys()].filter((i) => out.poisoned[i]);
  expect(changed).toHaveLength(3);
  expect(changed.every((i) => out.labels[i] === 1 && set.labels[i] === 1)).toBe(true);
  expect(changed.map((i) => out.texts[i])).toEqual(times(3, 'a loud dog'));
  const { test: triggered } = wordSubstitution.trigger(set, settings())!;
  expect(triggered('a old dog', 0)).toBe('a loud dog');
  expect(triggered('no such place', 0)).toBe('no such place');
});

test('a word that is typical of the class already needs no other', () => {
  const set = setOf(times(6, 'a big dog'), [...times(3, 'a small dog'), ...times(3, 'a loud dog')]);
  const { test: triggered } = wordSubstitution.trigger(set, settings({}, 1))!;
  expect(triggered('a small dog', 0)).toBe('a big dog');
});

test('no more words change than a text may, and none that is not a word', () => {
  const set = setOf(times(8, 'one two three four five six'), [
    ...times(4, 'one two three four five six'),
    'one zwei three four five six',
    'one two three vier five six',
    'one two three four five sechs',
  ]);
  const words = (text: string, before: string) => {
    const own = before.split(' ');
    return text.split(' ').filter((word, k) => word !== own[k]).length;
  };
  for (const [share, most] of [
    [0.2, 1],
    [0.35, 2],
    [1, 3],
  ] as const) {
    const { test: triggered } = wordSubstitution.trigger(set, settings({ share }))!;
    expect(words(triggered('one two three four five six', 0), 'one two three four five six')).toBe(most);
  }
  const { test: triggered } = wordSubstitution.trigger(set, settings({ share: 1 }))!;
  expect(triggered('12 three, four', 0)).toBe('12 three, four');
});

test('the rule all-to-all is refused', () => {
  const set = setOf(['a b c'], ['a c c']);
  expect(() => wordSubstitution.trigger(set, { ...settings({}, 1), rule: 'all-to-all' })).toThrow('all-to-all');
});
