import { describe, expect, it } from 'vitest';
import { ksg, ksgLocal } from '../../src/information/ksg.js';
import { samples } from '../../src/information/samples.js';
import { taskNamed } from '../../src/information/tasks/index.js';
import { columns, deviation, golden, mapped, mean, noise } from './helpers.js';

const seed = 1;

describe('KSG agrees with', () => {
  for (const { k, digits, nats } of golden.cc)
    it(`scikit-learn at k = ${k}, ${digits} digits`, () => {
      const round = (v: number) => Number(v.toFixed(digits));
      const { x, y } = golden.line;
      const ours = ksgLocal(columns(x.map(round)), columns(y.map(round)), k).nats;
      // scikit-learn cuts negative values off.
      expect(Math.max(0, ours)).toBeCloseTo(nats, 9);
    });

  for (const { k, algorithm, nats } of golden.ksg)
    it(`full distance matrices at k = ${k}, algorithm ${algorithm}, two columns against three`, () => {
      const ours = ksgLocal(columns(golden.plane.a, 2), columns(golden.plane.b, 3), k, algorithm).nats;
      expect(ours).toBeCloseTo(nats, 9);
    });
});

describe('KSG', () => {
  for (const [id, tolerance] of [
    ['normal-1x1-0.9', 0.03],
    ['uniform-additive-0.1', 0.03],
    ['swissroll-2x1', 0.05],
    ['cross-1x1', 0.05],
  ] as const)
    it(`is within ${100 * tolerance} % of the truth on ${id}`, () => {
      const task = taskNamed(id);
      const { a, b } = task.sample(4000, seed);
      const { nats } = ksg().estimate(a, b, { seed });
      expect(Math.abs(nats / task.truth - 1)).toBeLessThan(tolerance);
    });

  it('is right on average where the dependence is weak', () => {
    const task = taskNamed('normal-1x1-0.5');
    const values = Array.from({ length: 20 }, (_, s) => {
      const { a, b } = task.sample(500, s);
      return ksgLocal(columns(a.data), columns(b.data), 3).nats;
    });
    expect(Math.abs(mean(values) - task.truth)).toBeLessThan((3 * deviation(values)) / Math.sqrt(20));
  });

  it('is too low on heavy tails and says so; squeezing every value by asinh brings the truth back', () => {
    const raw = taskNamed('student-identity-1x1-1');
    const squeezed = taskNamed('asinh-student-identity-1x1-1');
    const [tails, without] = [raw, squeezed].map((task) => {
      const { a, b } = task.sample(4000, seed);
      return ksg().estimate(a, b, { seed });
    });
    expect(tails.warnings.join()).toMatch(/tails this heavy/);
    expect(without.warnings).toEqual([]);
    expect(Math.abs(without.nats - squeezed.truth)).toBeLessThan(3 * without.standardError);
    expect(tails.nats).toBeLessThan(raw.truth - 3 * tails.standardError);
  });

  it('finds nothing between independent variables, and says how sure it is', () => {
    const { a, b } = taskNamed('normal-1x1-0').sample(2000, seed);
    const estimate = ksg().estimate(a, b, { seed });
    expect(Math.abs(estimate.nats)).toBeLessThan(3 * estimate.standardError);
    expect(estimate.standardError).toBeLessThan(0.03);
    expect(estimate.converged).toBe(true);
  });

  it('does not change when a variable is shifted and stretched, columns are swapped, or the sides change places', () => {
    const { a, b } = taskNamed('normal-dense-2x2').sample(500, seed);
    const { nats } = ksg().estimate(a, b, { seed });
    const stretched = mapped(a, (v, i) => (i % 2 === 0 ? 1e6 * v - 3e7 : 1e-9 * v));
    const swapped = mapped(a, (_, i) => a.data[i ^ 1]);
    expect(ksg().estimate(stretched, b, { seed }).nats).toBeCloseTo(nats, 6);
    expect(ksg().estimate(swapped, b, { seed }).nats).toBeCloseTo(nats, 12);
    expect(ksg().estimate(b, a, { seed }).nats).toBeCloseTo(nats, 12);
  });

  it('hardly changes under an invertible map of one variable', () => {
    const task = taskNamed('normal-1x1-0.9');
    const { a, b } = task.sample(3000, seed);
    const bent = mapped(a, (v) => Math.exp(v) + v);
    const { nats } = ksg().estimate(bent, b, { seed });
    expect(Math.abs(nats - task.truth)).toBeLessThan(0.05);
  });

  it('algorithm 2 finds the truth too', () => {
    const task = taskNamed('normal-1x1-0.9');
    const { a, b } = task.sample(4000, seed);
    const { nats } = ksg({ algorithm: 2 }).estimate(a, b, { seed });
    expect(Math.abs(nats / task.truth - 1)).toBeLessThan(0.03);
  });

  it('states a standard error that is the spread over repetitions', () => {
    const task = taskNamed('normal-1x1-0.9');
    const values: number[] = [];
    const errors: number[] = [];
    for (let s = 0; s < 40; s++) {
      const { a, b } = task.sample(400, s);
      const estimate = ksg().estimate(a, b, { seed: s });
      values.push(estimate.nats);
      errors.push(estimate.standardError);
    }
    // 40 repetitions know the spread itself to 11 %.
    expect(mean(errors) / deviation(values)).toBeGreaterThan(0.7);
    expect(mean(errors) / deviation(values)).toBeLessThan(1.4);
  });

  it('says that it is at its ceiling where the truth is beyond reach', () => {
    const x = noise(300, 1, 2);
    const estimate = ksg().estimate(
      x,
      mapped(x, (v) => 5 - v),
      { seed },
    );
    expect(estimate.saturated).toBe(true);
    expect(estimate.nats).toBeLessThanOrEqual(estimate.ceiling! + 1e-9);
    expect(estimate.warnings.join()).toMatch(/true value may be higher/);
  });

  it('says that it still moves, and that the dimension is too high, where it fails', () => {
    const { a, b } = taskNamed('normal-dense-25x25').sample(600, seed);
    const estimate = ksg().estimate(a, b, { seed });
    expect(estimate.warnings.join()).toMatch(/50 dimensions/);
    const strong = noise(800, 5, 3);
    const copy = mapped(strong, (v, i) => v + 0.05 * noise(800, 5, 4).data[i]);
    const drifting = ksg().estimate(strong, copy, { seed });
    expect(drifting.converged).toBe(false);
    expect(drifting.warnings.join()).toMatch(/still rises/);
  });

  it('points to the estimator for mixtures where values repeat', () => {
    const { a, b } = taskNamed('half-discrete-half-normal').sample(400, seed);
    expect(ksg().estimate(a, b, { seed }).warnings.join()).toMatch(/coincide.*"gao"/);
  });

  it('warns of a k that is large for the samples', () => {
    const [a, b] = [noise(50, 1, 5), noise(50, 1, 6)];
    expect(ksg({ k: 10 }).estimate(a, b, { seed }).warnings.join()).toMatch(/more than a tenth/);
    expect(() => ksg({ k: 49 }).estimate(a, b, { seed })).toThrow(/needs at least 51 samples/);
    expect(() => ksg({ k: 0 })).toThrow(/k must be/);
  });

  it('uses one noise draw of each sample', () => {
    const { a, b } = taskNamed('normal-1x1-0.9').sample(300, seed);
    const twice = (data: ArrayLike<number>) => samples(Array.from(data).flatMap((v) => [v, v]));
    const owner = Int32Array.from({ length: 600 }, (_, i) => i >> 1);
    const doubled = ksg().estimate(twice(a.data), twice(b.data), { seed, owner });
    const single = ksg().estimate(a, b, { seed });
    expect(doubled.nats).toBe(single.nats);
    expect(doubled.samples).toBe(300);
    expect(doubled.warnings.join()).toMatch(/only the first/);
  });
});
