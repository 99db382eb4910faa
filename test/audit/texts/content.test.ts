/** What words say of a text's class, against scikit-learn, and distances of samples, against SciPy (`test/golden/content.py`). */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { Content } from '../../../src/audit/texts/content.js';
import { divergence, kolmogorov, nearer } from '../../../src/audit/texts/likeness.js';

const golden = JSON.parse(readFileSync(new URL('../../golden/content.json', import.meta.url), 'utf8'));
const content = new Content(golden.texts, Int32Array.from(golden.labels), 3);
const leftOut = () => {
  const left = new Uint8Array(content.words.length);
  for (const word of golden.left) left[content.words.indexOf(word)] = 1;
  return left;
};

describe('content', () => {
  test('predicts each text from all others as scikit-learn does', () => {
    expect(golden.labels.map((_: number, i: number) => content.predicted(i))).toEqual(golden.predicted);
    expect(golden.predicted).not.toEqual(golden.labels);
  });

  test('and without some words of the text', () => {
    const left = leftOut();
    expect(golden.labels.map((_: number, i: number) => content.predicted(i, left))).toEqual(golden.predictedWithout);
    expect(golden.predictedWithout).not.toEqual(golden.predicted);
  });

  test('a margin is above 0 where another class is predicted', () => {
    const left = leftOut();
    for (const i of golden.labels.keys())
      for (const c of [0, 1, 2]) {
        expect(content.margin(i, c) > 0).toBe(golden.predicted[i] !== c);
        expect(content.margin(i, c, left) > 0).toBe(golden.predictedWithout[i] !== c);
      }
  });
});

describe('likeness', () => {
  test('divergence and distance agree with SciPy', () => {
    expect(divergence(golden.p, golden.q)).toBeCloseTo(golden.divergence, 12);
    expect(kolmogorov(Float64Array.from(golden.a), Float64Array.from(golden.b))).toBeCloseTo(golden.kolmogorov, 12);
  });

  test('a sample is nearer to the law that it is from; noise alone says nothing', () => {
    expect(nearer(0, 0.5, 0.01, 1)).toBeLessThan(0.05);
    expect(nearer(0.5, 0, 0.01, 1)).toBeGreaterThan(0.95);
    expect(nearer(0.1, 0.1, 0.2, 1)).toBe(0.5);
    expect(nearer(0, 0.1, 1, 1)).toBe(0.5);
  });
});
