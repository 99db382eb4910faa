import { describe, expect, it } from 'vitest';
import { Rng } from '../../src/base/random.js';
import { stealth } from '../../src/dynamics/stealth.js';
import type { EstimateRow } from '../../src/dynamics/types.js';
import { type Curves, plainRun, table } from './tables.js';

const epochs = [1, 2, 4, 8, 14];

/** The same run with random curves for every group. */
function randomRun(seed: number): EstimateRow[] {
  const rng = new Rng(seed, 'random run');
  const groups: Curves = {};
  for (const g of Object.keys(plainRun(5, 2))) {
    const [a, b] = [rng.uniform(0.5, 2), rng.uniform(2, 5)];
    groups[g] = (e) => [a * (1 - Math.exp(-e / 3)), b * (1 - Math.exp(-e / 5))];
  }
  return table(epochs, groups, 0.03, rng);
}

describe('the stealth score', () => {
  it('follows its definition on constant curves', () => {
    // G_in(X;T) = 0.5/2, G_out(X;T) = |1.75 − 2|/2, G_in(T;Ŷ) = 1/4, G_out(T;Ŷ) = |4.5 − 4|/4.
    const rows = table(epochs, {
      '0/backdoor': () => [1.5, 5],
      '0/clean': () => [2, 4],
      '0/all': () => [1.75, 4.5],
      1: () => [1.5, 3.5],
      2: () => [2.5, 4.5],
    });
    const result = stealth(rows, { target: 0, beta: 2 });
    const [xt, ty] = [(0.25 + 0.125) / 2, (0.25 + 0.125) / 2];
    expect(result.distance).toBeCloseTo((xt + 2 * ty) / 3, 12);
    expect(result.score).toBeCloseTo(Math.exp(-(xt + 2 * ty) / 3), 12);
    expect(result.parts['I(X;T)']!.integrationGap).toBeCloseTo(0.25, 12);
    expect(result.parts['I(X;T)']!.footprintGap).toBeCloseTo(0.125, 12);
    expect(result.parts['I(T;Ŷ)']!.scale).toBeCloseTo(4, 12);
    expect(result).toMatchObject({ beta: 2, window: 1, epochs, classes: ['1', '2'] });
  });

  it('weights the two quantities by β', () => {
    const rows = table(epochs, {
      '0/backdoor': () => [1, 3],
      '0/clean': () => [1, 2],
      '0/all': () => [1, 2],
      1: () => [1, 2],
    });
    expect(stealth(rows, { target: 0, beta: 0 }).score).toBe(1);
    expect(stealth(rows, { target: 0, beta: 3 }).distance).toBeCloseTo((3 / 4) * (0.5 / 2), 12);
  });

  it('is 1 where the trajectories coincide', () => {
    const same = () => [1, 3] as [number, number];
    const rows = table(epochs, { '0/backdoor': same, '0/clean': same, '0/all': same, 1: same, 2: same });
    expect(stealth(rows, { target: 0 }).score).toBe(1);
  });

  it('does not change with the unit of information', () => {
    for (let seed = 0; seed < 20; seed++) {
      const rows = randomRun(seed);
      const bits = rows.map((r) => ({ ...r, nats: r.nats / Math.LN2, standardError: r.standardError / Math.LN2 }));
      const [a, b] = [stealth(rows, { target: 0 }), stealth(bits, { target: 0 })];
      expect(Math.abs(a.score! - b.score!)).toBeLessThan(1e-9);
      expect(Math.abs(a.excess! - b.excess!)).toBeLessThan(1e-9);
      expect(a.p).toBe(b.p);
    }
  });

  it('does not change with the order of the rows', () => {
    const rows = randomRun(5);
    const first = stealth(rows, { target: 0 });
    for (let seed = 0; seed < 20; seed++) {
      const order = new Rng(seed, 'order').permutation(rows.length);
      const other = stealth(
        [...order].map((i) => rows[i]),
        { target: 0 },
      );
      expect(Math.abs(other.score! - first.score!)).toBeLessThan(1e-9);
      expect(Math.abs(other.null!.low - first.null!.low)).toBeLessThan(1e-9);
      expect(other.p).toBe(first.p);
    }
  });

  it('does not change when classes are numbered otherwise', () => {
    const rows = randomRun(6);
    const first = stealth(rows, { target: 0 });
    for (let seed = 0; seed < 20; seed++) {
      const number = new Rng(seed, 'labels').permutation(5);
      const renamed = rows.map((r) => ({ ...r, group: r.group.replace(/^\d+/, (k) => String(number[Number(k)])) }));
      const other = stealth(renamed, { target: number[0] });
      expect(Math.abs(other.score! - first.score!)).toBeLessThan(1e-9);
      expect(Math.abs(other.null!.mean - first.null!.mean)).toBeLessThan(1e-9);
      expect(other.p).toBe(first.p);
    }
  });

  it('falls when a gap widens with the mean of the other classes held', () => {
    for (const groups of [['0/backdoor'], ['0/all'], ['0/backdoor', '0/all']]) {
      const scores = [0.1, 0.3, 0.9].map((offset) => {
        const run = plainRun(4, 0);
        for (const g of groups) {
          const base = run[g];
          run[g] = (e) => [base(e)[0] + 1 + offset, base(e)[1]];
        }
        return stealth(table(epochs, run), { target: 0 }).score!;
      });
      expect(scores[0]).toBeGreaterThan(scores[1]);
      expect(scores[1]).toBeGreaterThan(scores[2]);
      expect(scores[2]).toBeGreaterThan(0);
    }
  });

  it('measures gaps in standard errors where the classes carry no information', () => {
    const rows = table(epochs, {
      '0/backdoor': () => [0.1, 3],
      '0/clean': () => [0, 3],
      '0/all': () => [0, 3],
      1: () => [0, 3],
    });
    expect(stealth(rows, { target: 0 }).parts['I(X;T)']).toMatchObject({ integrationGap: 2, footprintGap: 0 });
  });

  it('scores only the epochs asked for', () => {
    const run = plainRun(4, 0);
    const late = run['0/backdoor'];
    run['0/backdoor'] = (e) => (e >= 8 ? [9, 9] : late(e));
    const rows = table(epochs, run);
    const early = stealth(rows, { target: 0, epochs: [1, 2, 4] });
    expect(early.epochs).toEqual([1, 2, 4]);
    expect(early.score!).toBeGreaterThan(stealth(rows, { target: 0 }).score!);
  });

  it('smooths over a window of checkpoints: a gap that alternates in sign shrinks', () => {
    const run = plainRun(4, 0);
    const clean = run['0/clean'];
    run['0/backdoor'] = (e) => [clean(e)[0] + (e % 2 ? 0.4 : -0.4), clean(e)[1]];
    const rows = table([1, 2, 3, 4, 5, 6], run);
    expect(stealth(rows, { target: 0, window: 2 }).score!).toBeGreaterThan(stealth(rows, { target: 0 }).score!);
  });
});

describe('there is no score, and a reason in words,', () => {
  const rows = table(epochs, plainRun(4, 0));
  const without = (change: (r: EstimateRow) => EstimateRow[]) => stealth(rows.flatMap(change), { target: 0 });

  it('for a group under 100 samples', () => {
    const result = without((r) => [r.group === '0/backdoor' ? { ...r, samples: 60 } : r]);
    expect(result).toMatchObject({ score: null, distance: null, p: null });
    expect(result.reason).toBe('group 0/backdoor has 60 samples, fewer than the 100 a comparison needs');
  });

  it('for a group without estimates', () => {
    const result = without((r) => (r.group === '0/clean' && r.quantity === 'I(T;Ŷ)' ? [] : [r]));
    expect(result.reason).toBe('group 0/clean has no estimate of I(T;Ŷ)');
  });

  it('without other classes', () => {
    expect(without((r) => (r.group.startsWith('0/') ? [r] : [])).reason).toContain('no other class');
  });

  it('without a checkpoint in common', () => {
    const result = without((r) => [r.group === '1' ? { ...r, epoch: r.epoch + 100 } : r]);
    expect(result.reason).toBe('the groups share no checkpoint');
  });

  it('where two estimators could be meant, until one is named', () => {
    const both = [...rows, ...rows.map((r) => ({ ...r, estimator: 'ksg', nats: r.nats / 2 }))];
    expect(stealth(both, { target: 0 }).reason).toContain('infonce, ksg');
    expect(stealth(both, { target: 0, estimator: 'infonce' }).score).toBe(stealth(rows, { target: 0 }).score);
  });

  it('and another class under 100 samples is left out, which is said', () => {
    const result = without((r) => [r.group === '3' ? { ...r, samples: 99, nats: 50 } : r]);
    expect(result.classes).toEqual(['1', '2']);
    expect(result.score).toBe(without((r) => (r.group === '3' ? [] : [r])).score);
    expect(result.notes).toContain('left out with fewer than 100 samples: class 3');
  });
});
