import { describe, expect, it } from 'vitest';
import { align, epochAverage, smooth, trajectories } from '../../src/dynamics/trajectory.js';
import { curve, row } from './tables.js';

describe('trajectories', () => {
  it('sort checkpoints by epoch whatever the order of the rows, and keep groups, quantities and estimators apart', () => {
    const rows = [row(10, '0/all', 'I(X;T)', 2), row(1, '0/all', 'I(X;T)', 1), row(1, '0/all', 'I(T;Ŷ)', 7)];
    const curves = trajectories([...rows, row(1, '0/all', 'I(X;T)', 5, { estimator: 'ksg' })]);
    expect(curves.map((c) => [c.quantity, c.estimator, c.epochs, c.values])).toEqual([
      ['I(X;T)', 'infonce', [1, 10], [1, 2]],
      ['I(T;Ŷ)', 'infonce', [1], [7]],
      ['I(X;T)', 'ksg', [1], [5]],
    ]);
  });

  it('take the later of two rows for one estimate, and leave out what is not finite', () => {
    const rows = [row(1, '1', 'I(X;T)', 1), row(1, '1', 'I(X;T)', 3), row(2, '1', 'I(X;T)', Number.NaN)];
    expect(trajectories(rows)[0]).toMatchObject({ epochs: [1], values: [3] });
  });

  it('align on the checkpoints they share', () => {
    const [a, b] = align([curve([1, 2, 3], 0.1, [1, 5, 9]), curve([4, 5, 6], 0.1, [5, 9, 20])]);
    expect([a.epochs, a.values, b.values]).toEqual([
      [5, 9],
      [2, 3],
      [4, 5],
    ]);
  });
});

describe('smoothing', () => {
  it('averages over a centred window, shorter at the ends', () => {
    expect(smooth(curve([0, 3, 6, 3], 0.1), 3).values).toEqual([1.5, 3, 4, 4.5]);
  });

  it('leaves a straight line as it is away from the ends, and does not claim smaller errors', () => {
    const line = smooth(curve([1, 2, 3, 4, 5], 0.1), 3);
    expect(line.values.slice(1, 4)).toEqual([2, 3, 4]);
    expect(line.standardErrors).toHaveLength(5);
    for (const s of line.standardErrors) expect(s).toBeCloseTo(0.1, 12);
  });

  it('refuses a window that is no number of checkpoints', () => {
    expect(() => smooth(curve([1], 0.1), 0)).toThrow('window must be a whole number from 1, got 0');
  });
});

describe('the average over epochs', () => {
  it('is exact for piecewise linear curves on uneven checkpoints: e² on {0, 1, 4} gives (0.5 + 25.5) / 4', () => {
    expect(epochAverage([0, 1, 4], [0, 1, 16])).toBeCloseTo(26 / 4, 12);
  });

  it('of a single checkpoint is its value', () => {
    expect(epochAverage([7], [2.5])).toBe(2.5);
  });
});
