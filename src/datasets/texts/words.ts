/** Texts as numbers of words: the most frequent words of a training set. */
import { wordsOf } from '../../base/words.js';
import type { TextSet, TokenSet } from '../types.js';
import type { Split } from './tokenizer.js';

/** Numbers that stand for no word. */
export const [PADDING, UNKNOWN, CLASS] = [0, 1, 2];
const RESERVED = 3;

/** Words and their numbers. */
export interface Vocabulary {
  /** Number of each word. */
  numbers: ReadonlyMap<string, number>;
  /** How many numbers there are, those that stand for no word included. */
  size: number;
  /** Cuts a text into words. */
  split: Split;
}

/** Times a word must occur. Words that occur once are unknown, so that a network learns what an unknown word says before test texts bring some. */
const LEAST = 2;

/**
 * The `size` most frequent words of texts, `size` counting the numbers that stand for no word; of words as frequent, those that come first. Words that occur once are left out.
 * `split`: default words of letters and digits.
 */
export function vocabularyOf(texts: readonly string[], size = 8000, split: Split = wordsOf): Vocabulary {
  const counts = new Map<string, number>();
  for (const text of texts) for (const word of split(text)) counts.set(word, (counts.get(word) ?? 0) + 1);
  const words = [...counts]
    .filter(([, count]) => count >= LEAST)
    .sort((a, b) => b[1] - a[1])
    .slice(0, size - RESERVED);
  return { numbers: new Map(words.map(([word], k) => [word, RESERVED + k])), size: RESERVED + words.length, split };
}

/** Tokens of texts, [n, length], the class token first, cut or padded to `length`, and the share of their words that are unknown, cut ones included. */
export function encode(
  { numbers, split }: Vocabulary,
  texts: readonly string[],
  length: number,
): { tokens: Int32Array; unknown: number } {
  const tokens = new Int32Array(texts.length * length);
  let [words, unknown] = [0, 0];
  for (const [i, text] of texts.entries()) {
    tokens[i * length] = CLASS;
    for (const [k, word] of split(text).entries()) {
      const number = numbers.get(word) ?? UNKNOWN;
      words++;
      if (number === UNKNOWN) unknown++;
      if (k + 1 < length) tokens[i * length + k + 1] = number;
    }
  }
  return { tokens, unknown: words > 0 ? unknown / words : 0 };
}

/** Tokens of a text that networks read, the class token among them. */
export const LENGTH = 48;

/** Texts with their tokens, [n, length]. */
export function tokenSet(set: TextSet, vocabulary: Vocabulary, length = LENGTH): TokenSet {
  return { ...set, tokens: encode(vocabulary, set.texts, length).tokens, length, vocabulary: vocabulary.size };
}
