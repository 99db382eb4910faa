/** phrases10 against classifiers that know no order: a bag of words stays far below what two neighbouring words allow. */
import { describe, expect, test } from 'vitest';
import { wordsOf } from '../../../src/base/words.js';
import { phrases10 } from '../../../src/datasets/texts/phrases10.js';
import type { TextSet } from '../../../src/datasets/types.js';

const load = (options: { trainLimit?: number; testLimit?: number } = {}) => phrases10.load({ seed: 0, ...options });

/** Accuracy of naive Bayes with add-one smoothing on what `features` finds in a text. */
function naiveBayes(train: TextSet, test: TextSet, features: (text: string) => string[]): number {
  const classes = 10;
  const counts = Array.from({ length: classes }, () => new Map<string, number>());
  const totals = new Float64Array(classes);
  const all = new Set<string>();
  train.texts.forEach((text, i) => {
    for (const f of features(text)) {
      all.add(f);
      counts[train.labels[i]].set(f, (counts[train.labels[i]].get(f) ?? 0) + 1);
      totals[train.labels[i]]++;
    }
  });
  const hits = test.texts.filter((text, i) => {
    const scores = counts.map((own, k) =>
      features(text).reduce((sum, f) => sum + Math.log(((own.get(f) ?? 0) + 1) / (totals[k] + all.size)), 0),
    );
    return scores.indexOf(Math.max(...scores)) === test.labels[i];
  });
  return hits.length / test.n;
}

describe('phrases10', () => {
  test('a bag of words stays below 0.9; neighbouring words tell more', async () => {
    const { train, test: held } = await load();
    const bag = naiveBayes(train, held, wordsOf);
    const pairs = naiveBayes(train, held, (text) => {
      const words = wordsOf(text);
      return words.map((word, k) => `${words[k - 1] ?? ''} ${word}`);
    });
    expect(bag).toBeGreaterThan(0.5);
    expect(bag).toBeLessThan(0.8);
    expect(pairs).toBeGreaterThan(bag + 0.05);
  });

  test('classes are equal in number, few texts are alike, and a limit is a prefix', async () => {
    const { classes, train, test: held } = await load();
    expect([classes.length, train.n, held.n]).toEqual([10, 5000, 1000]);
    for (let k = 0; k < 10; k++) expect(train.labels.filter((y) => y === k)).toHaveLength(500);
    expect(new Set(train.texts).size).toBeGreaterThan(4800);
    const lengths = train.texts.map((text) => wordsOf(text).length);
    expect(Math.min(...lengths)).toBeGreaterThan(4);
    expect(Math.max(...lengths)).toBeLessThan(40);
    const few = await load({ trainLimit: 100, testLimit: 50 });
    expect(few.train.texts).toEqual(train.texts.slice(0, 100));
    expect((await phrases10.load({ seed: 1, trainLimit: 100 })).train.texts).not.toEqual(few.train.texts);
    await expect(load({ trainLimit: 3 })).rejects.toThrow('train limit 3');
  });
});
