/** How visible a trigger is in texts: words changed, and how surprising they become. */
import { wordsOf } from '../base/words.js';
import { type Measure, type Perceived, summary } from './index.js';
import { Trigrams } from './ngram.js';

/** What each measure of texts says, in the order in which they are printed. */
export const textMeasures: readonly Pick<Measure, 'name' | 'summary'>[] = [
  { name: 'edits', summary: 'words inserted, removed or replaced' },
  { name: 'changed', summary: 'that as a share of the words of the longer text' },
  { name: 'perplexity', summary: 'of the triggered text, under a trigram model of the clean training texts' },
  { name: 'rise', summary: 'of the logarithm of the perplexity by the trigger, nats' },
];

/** Fewest insertions, deletions and replacements of words that make one list of the other (Levenshtein 1966). */
export function wordEdits(a: readonly string[], b: readonly string[]): number {
  let row = Int32Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = new Int32Array(b.length + 1);
    next[0] = i;
    for (let j = 1; j <= b.length; j++)
      next[j] = Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + Number(a[i - 1] !== b[j - 1]));
    row = next;
  }
  return row[b.length];
}

/**
 * Measures between clean and triggered texts, [n] each. `edits`: edit distance, words; `changed`: that as a share of the words of the longer text; `perplexity` of the
 * triggered text under a trigram model of `training` texts; `rise`: its logarithm less that of the clean text, nats.
 */
export function perceiveTexts(
  clean: readonly string[],
  triggered: readonly string[],
  training: readonly string[],
): Record<string, Perceived> {
  const model = new Trigrams(training);
  const of = (measure: (a: string, b: string) => number) =>
    summary(clean.map((text, i) => measure(text, triggered[i])));
  const edits = (a: string, b: string) => wordEdits(wordsOf(a), wordsOf(b));
  return {
    edits: of(edits),
    changed: of((a, b) => edits(a, b) / Math.max(1, wordsOf(a).length, wordsOf(b).length)),
    perplexity: of((_, b) => Math.exp(model.surprise(b))),
    rise: of((a, b) => model.surprise(b) - model.surprise(a)),
  };
}
