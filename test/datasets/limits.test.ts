import { describe, expect, test } from 'vitest';
import { UserError } from '../../src/base/errors.js';
import { balancedChoice, checkLimit, evenShares, imbalance, limited } from '../../src/datasets/limits.js';

/** Labels with 50 of class 0, 30 of class 1, 5 of class 2, interleaved. */
const labels = Int32Array.from({ length: 85 }, (_, i) => (i % 17 === 0 ? 2 : i % 17 <= 6 ? 1 : 0));
const counts = (chosen: Int32Array, k = 3) => {
  const out = new Array<number>(k).fill(0);
  for (const i of chosen) out[labels[i]]++;
  return out;
};

describe('even shares', () => {
  test.each([
    [[50, 50, 50], 30, [10, 10, 10]],
    [[50, 50, 50], 32, [11, 11, 10]],
    [[50, 30, 5], 30, [13, 12, 5]],
    [[50, 30, 5], 80, [45, 30, 5]],
    [[50, 30, 5], 500, [50, 30, 5]],
    [[0, 4, 0], 2, [0, 2, 0]],
    [[3, 3], 0, [0, 0]],
  ])('of %j, %i are taken as %j', (available, total, shares) => {
    expect(evenShares(available, total)).toEqual(shares);
  });

  test('no other division is more even: the smallest share that is not used up is within one of the largest', () => {
    for (let total = 0; total <= 90; total++) {
      const available = [40, 7, 22, 0, 21];
      const shares = evenShares(available, total);
      expect(shares.reduce((a, b) => a + b)).toBe(total);
      const open = shares.filter((share, k) => share < available[k]);
      if (open.length) expect(Math.max(...shares) - Math.min(...open)).toBeLessThanOrEqual(1);
    }
  });
});

describe('a balanced choice', () => {
  test('has no repeats, is in order, and spreads over the classes', () => {
    const chosen = balancedChoice(labels, 3, 30, 7, 'test');
    expect(counts(chosen)).toEqual([13, 12, 5]);
    expect([...chosen]).toEqual([...new Set(chosen)].sort((a, b) => a - b));
  });

  test('is the same for the same seed and another for another seed or purpose', () => {
    const of = (seed: number, purpose: string) => [...balancedChoice(labels, 3, 30, seed, purpose)];
    expect(of(1, 'a')).toEqual(of(1, 'a'));
    expect(of(1, 'a')).not.toEqual(of(2, 'a'));
    expect(of(1, 'a')).not.toEqual(of(1, 'b'));
  });

  test('of fewer is part of a choice of more', () => {
    const more = new Set(balancedChoice(labels, 3, 30, 3, 'test'));
    const fewer = balancedChoice(labels, 3, 12, 3, 'test');
    expect(fewer).toHaveLength(12);
    for (const i of fewer) expect(more.has(i)).toBe(true);
  });
});

describe('limits', () => {
  test.each([2, 2.5, 0, -1, Number.NaN])(
    '%d is refused for three classes, and the message says what is allowed',
    (limit) => {
      expect(() => checkLimit(limit, 3, 'train')).toThrow(UserError);
      expect(() => checkLimit(limit, 3, 'train')).toThrow(`train limit ${limit}: allowed are whole numbers from 3`);
    },
  );

  test('none means everything, in order; one above what exists too', () => {
    const all = Array.from(labels.keys());
    expect([...limited(labels, 3, undefined, 1, 'train')]).toEqual(all);
    expect([...limited(labels, 3, 1000, 1, 'train')]).toEqual(all);
  });

  test('an uneven set says so, an even one is silent', () => {
    expect(imbalance([0, 0, 0, 1], ['cat', 'dog'], 'train')).toEqual([
      'train classes are uneven: "dog" has 1 images, "cat" has 3',
    ]);
    expect(imbalance([0, 0, 1], ['cat', 'dog'], 'train')).toEqual([]);
  });
});
