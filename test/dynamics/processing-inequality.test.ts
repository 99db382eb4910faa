import { describe, expect, it } from 'vitest';
import { processingInequality } from '../../src/dynamics/processing-inequality.js';
import { row } from './tables.js';

describe('the data-processing inequality I(X;Ŷ) ≤ I(X;T)', () => {
  const rows = [
    row(1, '1', 'I(X;T)', 1),
    row(1, '1', 'I(X;Ŷ)', 0.8),
    row(5, '1', 'I(X;T)', 1),
    row(5, '1', 'I(X;Ŷ)', 1.1),
    row(5, 'all', 'I(X;T)', 2),
    row(5, 'all', 'I(X;Ŷ)', 2.5),
    row(5, '2', 'I(X;Ŷ)', 9),
  ];

  it('is checked wherever both were estimated, and violations come with their size, largest first', () => {
    const found = processingInequality(rows);
    expect(found.pairs).toBe(3);
    expect(found.violations.map((v) => [v.group, v.epoch])).toEqual([
      ['all', 5],
      ['1', 5],
    ]);
    expect(found.violations[0].excess).toBeCloseTo(0.5, 12);
  });

  it('is called broken beyond noise only past 1.645 standard errors', () => {
    expect(processingInequality(rows).violations.map((v) => v.beyondNoise)).toEqual([true, false]);
    expect(processingInequality(rows).beyondNoise).toBe(1);
  });

  it('compares no two estimators', () => {
    expect(processingInequality([row(1, '1', 'I(X;T)', 1), row(1, '1', 'I(X;Ŷ)', 2, { estimator: 'ksg' })]).pairs).toBe(
      0,
    );
  });
});
