/** What a network reads of a batch of texts: all words, and as little of the padding behind them as the steps of 8 tokens allow. */
import { expect, test } from 'vitest';
import type { TokenSet } from '../../src/datasets/types.js';
import { byLength, gatherInputs, readOf } from '../../src/training/inputs.js';

const [LENGTH, lengths] = [20, [3, 8, 9, 17, 20]];
const set: TokenSet = {
  n: lengths.length,
  length: LENGTH,
  vocabulary: 100,
  texts: lengths.map(String),
  labels: new Int32Array(lengths.length),
  tokens: Int32Array.from(
    lengths.flatMap((l, i) => Array.from({ length: LENGTH }, (_, k) => (k < l ? 10 * i + 1 : 0))),
  ),
};

test('texts that are read as far stand beside each other, in their order', () => {
  // 3 and 8 words are read up to 8, 9 up to 16, 17 and 20 to the end.
  const mixed = {
    ...set,
    tokens: Int32Array.from([4, 0, 3, 2, 1].flatMap((i) => [...set.tokens.subarray(i * LENGTH, (i + 1) * LENGTH)])),
  };
  expect([...byLength(mixed)]).toEqual([1, 4, 3, 0, 2]);
});

test.each([
  [[0], 8],
  [[0, 1], 8],
  [[0, 2], 16],
  [[2, 1], 16],
  // Never longer than a text can be: 20, not 24.
  [[3], 20],
  [[4, 0], 20],
])('texts %j are read up to token %i', (rows, read) => {
  const index = Int32Array.from(rows);
  expect(readOf(set, index)).toBe(read);
  const tokens = gatherInputs(set, index).tokens as Int32Array;
  expect(tokens).toHaveLength(rows.length * read);
  for (const [k, i] of rows.entries())
    expect(tokens.subarray(k * read, (k + 1) * read).reduce((a, b) => a + b, 0)).toBe(lengths[i] * (10 * i + 1));
});
