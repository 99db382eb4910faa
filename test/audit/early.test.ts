/** Differences of the two clusters of a class, with a known answer. */
import { describe, expect, it } from 'vitest';
import { losses } from '../../src/audit/checkpoint.js';
import { clusterDifference } from '../../src/audit/early.js';

describe('the difference of clusters', () => {
  it('is in standard deviations of all, with √(1/n₁ + 1/n₂) as its standard error', () => {
    // 5 at 1 and 20 at 0: mean 0.2, standard deviation 0.4.
    const value = Float32Array.from({ length: 25 }, (_, i) => Number(i < 5));
    const logOdds = Float64Array.from(value, (v) => (v ? 3 : -3));
    const rows = Int32Array.from({ length: 25 }, (_, i) => i);
    const { values, errors } = clusterDifference(value, [rows, rows.subarray(1)], logOdds);
    expect(values[0]).toBeCloseTo(2.5, 6);
    expect(errors[0]).toBeCloseTo(0.5, 12);
    // Four samples are no cluster.
    expect(values[1]).toBeNaN();
  });
});

describe('losses', () => {
  it('are −ln of the softmax of the label, and finite for logits of any size', () => {
    const found = losses({ data: Float32Array.of(0, 0, 1000, -1000), n: 2, d: 2 }, [0, 1]);
    expect(found[0]).toBeCloseTo(Math.LN2, 6);
    expect(found[1]).toBeCloseTo(2000, 3);
  });
});
