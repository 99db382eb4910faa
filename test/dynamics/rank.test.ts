import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Rng } from '../../src/base/random.js';
import { auroc, kendallTau, rankCorrelation } from '../../src/dynamics/rank.js';

const golden = JSON.parse(readFileSync(new URL('../golden/dynamics.json', import.meta.url), 'utf8')) as {
  ranks: { a: number[]; b: number[]; tau: number; p: number | null }[];
  curves: { scores: number[]; positive: number[]; auroc: number }[];
};

describe('Kendall’s τ', () => {
  it('is SciPy’s, with and without ties', () => {
    expect(golden.ranks.length).toBeGreaterThanOrEqual(4);
    for (const { a, b, tau } of golden.ranks) expect(kendallTau(a, b)).toBeCloseTo(tau, 12);
  });

  it('has SciPy’s exact p for a handful of items', () => {
    const few = golden.ranks.filter((g) => g.p !== null && g.a.length <= 8);
    expect(few.length).toBeGreaterThan(0);
    for (const { a, b, p } of few) expect(rankCorrelation(a, b).p).toBeCloseTo(p!, 10);
  });

  it('has intervals that hold the truth about 95 % of the time: normal pairs of correlation r have τ = 2/π·asin r', () => {
    const rng = new Rng(3, 'tau');
    const r = 0.6;
    const truth = (2 / Math.PI) * Math.asin(r);
    let held = 0;
    for (let k = 0; k < 400; k++) {
      const a = Array.from({ length: 20 }, () => rng.normal());
      const b = a.map((x) => r * x + Math.sqrt(1 - r * r) * rng.normal());
      const tau = kendallTau(a, b);
      const half = 1.96 * Math.sqrt(0.437 / 16);
      held += Number(Math.tanh(Math.atanh(tau) - half) <= truth && truth <= Math.tanh(Math.atanh(tau) + half));
    }
    expect(held / 400).toBeGreaterThan(0.9);
  });

  it('of four items or fewer is bounded by nothing', () => {
    expect(rankCorrelation([1, 2, 3, 4], [1, 2, 3, 4])).toMatchObject({ tau: 1, interval: [-1, 1] });
  });

  it('does not exist where a side does not vary', () => {
    expect(rankCorrelation([1, 2, 3], [5, 5, 5]).tau).toBeNaN();
  });
});

describe('AUROC', () => {
  it('is scikit-learn’s, with and without ties', () => {
    expect(golden.curves.length).toBeGreaterThanOrEqual(2);
    for (const { scores, positive, auroc: truth } of golden.curves)
      expect(auroc(scores, positive)!.auroc).toBeCloseTo(truth, 12);
  });

  it('has a standard error that is the spread over samples: two normals one deviation apart', () => {
    const rng = new Rng(4, 'auroc');
    const found = Array.from({ length: 2000 }, () => {
      const positive = Array.from({ length: 120 }, (_, i) => i % 3 === 0);
      return auroc(
        positive.map((p) => Number(p) + rng.normal()),
        positive,
      )!;
    });
    const values = found.map((f) => f.auroc);
    const m = values.reduce((a, b) => a + b, 0) / values.length;
    const spread = Math.sqrt(values.reduce((s, v) => s + (v - m) ** 2, 0) / (values.length - 1));
    // Φ(1/√2)
    expect(m).toBeCloseTo(0.7602, 2);
    expect(found.reduce((s, f) => s + f.standardError, 0) / found.length / spread).toBeCloseTo(1, 1);
  });

  it('leaves out what is not finite, and needs both kinds', () => {
    expect(auroc([1, Number.NaN, 0], [1, 0, 0])).toMatchObject({ auroc: 1, positives: 1, negatives: 1 });
    expect(auroc([1, 2], [1, 1])).toBeNull();
  });
});
