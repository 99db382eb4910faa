/** The rule of verdicts against independent truth: SciPy's distributions, and simulated seeds of known effect and spread. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { binomialCdf, binomialInterval } from '../../src/dynamics/binomial.js';
import { studentQuantile } from '../../src/dynamics/student.js';
import { byAttackAndSeed, bySeed } from '../../src/findings/spread.js';
import { allOf, type Direction, decide, judge, judgeRank, mostOf, RATIO } from '../../src/findings/verdict.js';
import { sentence } from '../../src/findings/words.js';
import type { Verdict } from '../../src/report/index.js';

const golden = JSON.parse(readFileSync(new URL('../golden/student.json', import.meta.url), 'utf8')) as {
  quantiles: { p: number; df: number; t: number }[];
  shares: { k: number; n: number; alpha: number; interval: [number, number]; cdf: number }[];
};

const INTEREST = 0.1;
const question = (direction: Direction) => ({ what: 'x', unit: 'share' as const, direction, interest: INTEREST });

describe('distributions', () => {
  it('Student’s quantiles are SciPy’s', () => {
    for (const { p, df, t } of golden.quantiles) expect(studentQuantile(p, df) / t, `${p} ${df}`).toBeCloseTo(1, 5);
  });

  it('binomial chances and Clopper–Pearson intervals are SciPy’s', () => {
    for (const { k, n, alpha, interval, cdf } of golden.shares) {
      expect(binomialCdf(k, n, 0.15)).toBeCloseTo(cdf, 10);
      const found = binomialInterval(k, n, alpha);
      interval.forEach((end, i) => {
        expect(found[i], `${k} of ${n}`).toBeCloseTo(end, 8);
      });
    }
  });
});

describe('the rule', () => {
  const at = (direction: Direction, wide: [number, number], narrow = wide) =>
    decide(direction, wide, narrow, [-0.1, 0.1]);

  it.each<[Direction, [number, number], Verdict]>([
    // The interval excludes 0 and does not exclude the effect of interest.
    ['above', [0.05, 0.2], 'reproduced'],
    ['above', [0.12, 0.2], 'reproduced'],
    ['above', [-0.05, 0.2], 'not resolved'],
    // An effect of interest is excluded, also where a smaller one is certain.
    ['above', [-0.2, 0.05], 'contradicted'],
    ['above', [0.02, 0.08], 'contradicted'],
    ['below', [-0.2, -0.05], 'reproduced'],
    ['below', [-0.2, 0.05], 'not resolved'],
    ['below', [-0.08, 0.3], 'contradicted'],
    ['apart', [-0.2, -0.05], 'reproduced'],
    ['apart', [-0.2, 0.05], 'not resolved'],
    ['apart', [-0.08, 0.08], 'contradicted'],
    ['close', [-0.08, 0.08], 'reproduced'],
    ['close', [0.05, 0.12], 'not resolved'],
    ['close', [0.12, 0.2], 'contradicted'],
    ['close', [-0.3, -0.12], 'contradicted'],
    ['holds', [-0.08, 0.5], 'reproduced'],
    ['holds', [-0.2, 0.5], 'not resolved'],
    ['holds', [-0.3, -0.12], 'contradicted'],
  ])('%s, %j: %s', (direction, interval, verdict) => {
    expect(at(direction, interval)).toBe(verdict);
  });

  it('tests closeness by two one-sided tests: the 90 % interval decides, where the 95 % interval contains the bound', () => {
    expect(at('close', [-0.02, 0.11], [-0.01, 0.09])).toBe('reproduced');
  });

  it('of several parts: one contradicted part contradicts a claim about all, more than half decide one about most', () => {
    const [r, c, n] = ['reproduced', 'contradicted', 'not resolved'] as const;
    expect([allOf([r, r]), allOf([r, n]), allOf([r, c]), allOf([])]).toEqual([r, n, c, n]);
    expect([mostOf([r, r, c]), mostOf([r, c]), mostOf([c, c, n]), mostOf([])]).toEqual([r, n, c, n]);
  });
});

describe('a claim over attacks', () => {
  it('counts one attack by its seeds, and no number of seeds makes up for attacks that differ', () => {
    const one = [0.1, 0.2, 0.4].map((value, seed) => ({ attack: 'a', seed, value }));
    expect(judge(byAttackAndSeed(one), question('above'))).toEqual(judge(bySeed([0.1, 0.2, 0.4]), question('above')));
    const differ = ['a', 'b'].flatMap((attack, i) =>
      [0, 1, 2].map((seed) => ({ attack, seed, value: 2 * i - 1 + 0.01 * ((seed * 7 + i) % 3) })),
    );
    const found = judge(byAttackAndSeed(differ), question('above'));
    expect([found.verdict, found.n, found.runsNeeded]).toEqual(['not resolved', 3, null]);
    expect(sentence(found)).toContain('no number of seeds up to 1000 would resolve it');
  });
});

describe('rates of one attack', () => {
  it('are averaged, and make neither more attacks nor more seeds', () => {
    const cells = ['a', 'b'].flatMap((attack, i) =>
      [0, 1, 2].map((seed) => ({ attack, seed, value: i + [0.1, 0.4, 0.2][seed] * (1 + i) })),
    );
    const rates = cells.flatMap((c) => [-0.3, 0, 0.3].map((shift) => ({ ...c, value: c.value + shift })));
    const [found, same] = [rates, cells].map((of) => judge(byAttackAndSeed(of), question('above')));
    expect(found.effect).toBeCloseTo(same.effect, 12);
    found.interval!.forEach((end, i) => void expect(end).toBeCloseTo(same.interval![i], 12));
    expect([found.n, found.repeats]).toEqual([3, 'seeds of 2 attacks']);
  });
});

describe('what an effect says', () => {
  it('a ratio is judged by its logarithm: 0.8, 0.8 and 0.8 of a step are −20 %, and 25 % more is the same distance', () => {
    const of = (ratios: number[]) => judge(bySeed(ratios.map(Math.log)), { ...question('below'), axis: RATIO });
    const found = of([0.8, 0.8 * 1.1, 0.8 / 1.1]);
    expect(found.effect).toBeCloseTo(-0.2, 12);
    const [low, high] = found.interval!;
    expect((1 + low) * (1 + high)).toBeCloseTo(0.64, 12);
    expect(found.seen).toBeGreaterThan(0);
  });

  it('one seed resolves nothing and has no interval', () => {
    const found = judge(bySeed([5]), question('above'));
    expect(found).toMatchObject({
      effect: 5,
      interval: null,
      n: 1,
      seen: null,
      runsNeeded: null,
      verdict: 'not resolved',
    });
    expect(sentence(found)).toContain('One repetition resolves nothing');
  });

  it('a rank correlation of four attacks has no interval, one of thirty resolves τ = 0.5', () => {
    const ask = { what: 'τ', direction: 'above' as const, interest: 0.5 };
    const of = (tau: number, n: number) => judgeRank({ tau, n, interval: [0, 0], p: 1 }, ask);
    expect(of(1, 4)).toMatchObject({ effect: 1, interval: null, verdict: 'not resolved' });
    // (1.96 + 0.8416) · √(0.437/(n − 4)) ≤ artanh 0.5 from n = 15.4 on.
    expect(of(1, 4).runsNeeded).toBe(16);
    expect(of(0.6, 30).verdict).toBe('reproduced');
    expect(of(0.1, 30).verdict).toBe('contradicted');
    // Fieller, Hartley and Pearson's variance, 0.437/(n − 4), on the axis of artanh.
    const half = 1.959964 * Math.sqrt(0.437 / 26);
    expect(of(0.6, 30).interval![0]).toBeCloseTo(Math.tanh(Math.atanh(0.6) - half), 4);
  });
});
