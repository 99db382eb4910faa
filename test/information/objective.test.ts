import { describe, expect, it } from 'vitest';
import { Rng } from '../../src/base/random.js';
import { exp, type State } from '../../src/engine/index.js';
import type { Matrix } from '../../src/information/columns.js';
import { CriticGroup } from '../../src/information/fit.js';
import { estimator, infonce } from '../../src/information/index.js';
import type { Objective } from '../../src/information/objective.js';
import type { Samples } from '../../src/information/types.js';
import { deviation, mean, noise } from './helpers.js';

const matrix = (n: number, d: number, seed: number): Matrix => ({ data: new Rng(seed, 'pairs').normals(n * d), n, d });

/** 1 + E[f] − E'[eᶠ] or E[f] − ln E'[eᶠ] over the given samples, from scores [n, n], in double precision. */
function direct(outer: 'linear' | 'log', scores: number[][], kept: number[]): number {
  let [joint, others] = [0, 0];
  for (const i of kept)
    for (const j of kept)
      if (i === j) joint += scores[i][j] / kept.length;
      else others += Math.exp(scores[i][j]) / kept.length / (kept.length - 1);
  return joint - (outer === 'log' ? Math.log(others) : others - 1);
}

describe.each(['linear', 'log'] as const)('a bound judged with the %s outer function', (outer) => {
  const n = 60;
  const [a, b] = [matrix(n, 2, 1), matrix(n, 2, 2)];
  const cap = 2;
  const objective: Objective = { name: 'nwj', kernel: exp, outer };
  const judged = async () => {
    const critic = { kind: 'bilinear', hidden: 0, embedding: 0 } as const;
    const group = new CriticGroup([a], [b], 1, {
      critic,
      batch: n,
      learningRate: 1e-3,
      weightDecay: 0,
      clip: 5,
      seed: 1,
      objective,
      cap,
    });
    const m = (group as unknown as { state: State }).state.get('m').fill(0);
    m.set([0.7, -0.2, 0.4, 0.9]);
    const rows = Int32Array.from({ length: n }, (_, i) => i);
    const [judgement] = await group.judge([rows]);
    await group.release();
    const score = (i: number, j: number) => {
      let s = 0;
      for (let k = 0; k < 2; k++) for (let l = 0; l < 2; l++) s += a.data[2 * i + k] * m[2 * k + l] * b.data[2 * j + l];
      return cap - Math.log1p(Math.exp(cap - s));
    };
    const scores = Array.from({ length: n }, (_, i) => Array.from({ length: n }, (_, j) => score(i, j)));
    return { ...judgement, scores };
  };
  const all = Array.from({ length: n }, (_, i) => i);

  it('is the formula over the diagonal and the other pairs', async () => {
    const { terms, scores } = await judged();
    expect(Math.abs(mean(terms) - direct(outer, scores, all))).toBeLessThan(1e-5);
  });

  it('gives the standard error of a jackknife, within a tenth', async () => {
    const { influence, scores } = await judged();
    const without = all.map((left) =>
      direct(
        outer,
        scores,
        all.filter((i) => i !== left),
      ),
    );
    const jackknife = (deviation(without) * (n - 1)) / Math.sqrt(n);
    expect(Math.abs(deviation(influence) / Math.sqrt(n) / jackknife - 1)).toBeLessThan(0.1);
  });
});

describe('hostile input', () => {
  const scaled = (s: Samples, by: number): Samples => ({ ...s, data: Float64Array.from(s.data, (v) => v * by) });
  const n = 150;
  const y = noise(n, 2, 2);
  const few = { ...noise(5, 1, 1) };
  const cases: [string, Samples, Samples][] = [
    ['values near 1e30', scaled(noise(n, 2, 1), 1e30), y],
    ['values near 1e300', scaled(noise(n, 2, 1), 1e300), y],
    ['values near 1e-30', scaled(noise(n, 2, 1), 1e-30), y],
    ['values near 1e-310', scaled(noise(n, 2, 1), 1e-310), y],
    ['one outlier at 1e30', { ...noise(n, 1, 1), data: noise(n, 1, 1).data.map((v, i) => (i === 7 ? 1e30 : v)) }, y],
    ['a copy of the other variable', y, y],
  ];

  it.each(cases)('infonce on %s gives finite numbers', async (_, a, b) => {
    const e = await infonce({ critic: 'quadratic' }).estimate(a, b, { seed: 1 });
    for (const v of [e.nats, e.standardError, e.trainNats, e.heldOutNats]) expect(Number.isFinite(v)).toBe(true);
  });

  describe.each(['infonce', 'nwj', 'mine', 'smile'])('%s', (name) => {
    const fit = estimator(name, { critic: 'quadratic' });

    it('on a copy of the other variable gives finite numbers', async () => {
      const e = await fit.estimate(y, y, { seed: 1 });
      for (const v of [e.nats, e.standardError]) expect(Number.isFinite(v)).toBe(true);
      expect(e.nats).toBeGreaterThan(1);
    });

    it('a constant variable or a single label carries exactly 0 nats', async () => {
      const constant = { ...y, data: new Float64Array(2 * n).fill(0.1) };
      for (const a of [constant, { ...constant, discrete: true }]) {
        const e = await fit.estimate(a, y, { seed: 1 });
        expect([e.nats, e.standardError]).toEqual([0, 0]);
        expect(e.warnings.join()).toMatch(/never changes/);
      }
    });

    it('says that samples repeat', async () => {
      const twice = (s: Samples) => ({ ...s, data: s.data.map((_, i) => s.data[(i >> 2) * 2 + (i % 2)]) });
      const e = await fit.estimate(twice(noise(n, 2, 1)), twice(y), { seed: 1 });
      expect(Number.isFinite(e.nats)).toBe(true);
      expect(e.warnings.join()).toMatch(/75 of 150 samples repeat/);
    });

    it('refuses five samples, NaN, infinity and pairs that are none, in one line', async () => {
      await expect(fit.estimate(few, few, { seed: 1 })).rejects.toThrow(/^.*5 samples; at least 8 are needed$/);
      for (const bad of [Number.NaN, Number.POSITIVE_INFINITY]) {
        const spoiled = { ...y, data: y.data.map((v, i) => (i === 34 ? bad : v)) };
        await expect(fit.estimate(spoiled, y, { seed: 1 })).rejects.toThrow(/row 17, column 0/);
      }
      await expect(fit.estimate(y, few, { seed: 1 })).rejects.toThrow(/in pairs, got 150 and 5/);
    });
  });
});
