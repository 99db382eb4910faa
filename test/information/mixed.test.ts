import { describe, expect, it } from 'vitest';
import { gao, gaoLocal, ross, rossLocal } from '../../src/information/mixed.js';
import { plugin } from '../../src/information/plugin.js';
import { categories, samples } from '../../src/information/samples.js';
import { taskNamed } from '../../src/information/tasks/index.js';
import { columns, deviation, golden, mapped, mean, noise } from './helpers.js';

const seed = 1;

describe('Ross', () => {
  for (const { k, digits, nats } of golden.cd)
    it(`agrees with scikit-learn at k = ${k}, ${digits} digits, with a category of a single member`, () => {
      const { codes } = categories(samples(golden.label.label, 1, true));
      const value = golden.label.value.map((v) => Number(v.toFixed(digits)));
      expect(Math.max(0, rossLocal(columns(value), codes, k).nats)).toBeCloseTo(nats, 9);
    });

  for (const { k, nats } of golden.cdSmall)
    it(`agrees with full distance matrices at k = ${k} where categories have no more members than that`, () => {
      const { codes } = categories(samples(golden.small.label, 1, true));
      expect(rossLocal(columns(golden.small.value, 2), codes, k).nats).toBeCloseTo(nats, 9);
    });

  for (const id of ['category-uniform', 'two-normals'])
    it(`is within three standard errors of the truth on ${id}, whichever side is discrete`, () => {
      const task = taskNamed(id);
      const { a, b } = task.sample(3000, seed);
      const estimate = ross().estimate(a, b, { seed });
      expect(Math.abs(estimate.nats - task.truth)).toBeLessThan(3 * estimate.standardError);
      expect(estimate.standardError).toBeLessThan(0.03);
      expect(ross().estimate(b, a, { seed }).nats).toBe(estimate.nats);
    });

  it('reaches the entropy of the labels where the categories lie apart, and is not called saturated there', () => {
    const label = samples(
      Array.from({ length: 600 }, (_, i) => i % 3),
      1,
      true,
    );
    const apart = mapped(noise(600, 2, 1), (v, i) => v + 100 * (Math.floor(i / 2) % 3));
    const estimate = ross().estimate(label, apart, { seed });
    expect(estimate.nats).toBeCloseTo(Math.log(3), 2);
    expect(estimate.ceiling).toBeCloseTo(Math.log(3), 9);
    expect(estimate.saturated).toBe(false);
  });

  it('is 0 with a single label, and finds nothing in random labels', () => {
    const x = noise(500, 2, 2);
    const one = ross().estimate(samples(new Float64Array(500), 1, true), x, { seed });
    expect([one.nats, one.standardError]).toEqual([0, 0]);
    expect(one.warnings.join()).toMatch(/no information/);
    const random = samples(noise(500, 1, 3).data.map(Math.sign), 1, true);
    const none = ross().estimate(random, x, { seed });
    expect(Math.abs(none.nats)).toBeLessThan(3 * none.standardError);
  });

  it('says which samples it could not use, and refuses labels that are all different', () => {
    const x = noise(120, 1, 4);
    const labels = Array.from({ length: 120 }, (_, i) => (i < 118 ? i % 2 : i));
    const estimate = ross().estimate(samples(labels, 1, true), x, { seed });
    expect(estimate.warnings.join()).toMatch(/2 samples alone in their category/);
    const all = samples(
      labels.map((_, i) => i),
      1,
      true,
    );
    expect(() => ross().estimate(all, x, { seed })).toThrow(/alone in its category/);
  });

  it('wants one variable of each kind', () => {
    const x = noise(50, 1, 5);
    const label = samples(new Float64Array(50), 1, true);
    expect(() => ross().estimate(x, x, { seed })).toThrow(/use "ksg"/);
    expect(() => ross().estimate(label, label, { seed })).toThrow(/use "plugin"/);
  });
});

describe('Gao', () => {
  for (const { k, nats } of golden.gao)
    it(`agrees with SciPy's trees at k = ${k} where half of the points repeat`, () => {
      expect(gaoLocal(columns(golden.half.a, 2), columns(golden.half.b, 3), k).nats).toBeCloseTo(nats, 9);
    });

  for (const [id, tolerance] of [
    ['exponential-poisson', 0.12],
    ['category-uniform', 0.05],
    ['normal-1x1-0.9', 0.05],
    ['poison-label', 0.05],
  ] as const)
    it(`is within ${100 * tolerance} % of the truth on ${id}`, () => {
      const task = taskNamed(id);
      const { a, b } = task.sample(3000, seed);
      expect(Math.abs(gao().estimate(a, b, { seed }).nats / task.truth - 1)).toBeLessThan(tolerance);
    });

  it('comes closer to the truth with more samples where continuous values crowd around repeated ones', () => {
    const task = taskNamed('half-discrete-half-normal');
    const error = (n: number) => {
      const { a, b } = task.sample(n, seed);
      return Math.abs(gao().estimate(a, b, { seed }).nats - task.truth);
    };
    const [few, many] = [error(500), error(8000)];
    expect(many).toBeLessThan(0.75 * few);
    expect(many / task.truth).toBeLessThan(0.12);
  });

  it('of two discrete variables is close to the plug-in', () => {
    const { a, b } = taskNamed('poison-label').sample(2000, seed);
    expect(gao().estimate(a, b, { seed }).nats).toBeCloseTo(plugin().estimate(a, b, { seed }).nats, 2);
  });

  it('does not depend on the names of the categories', () => {
    const { a, b } = taskNamed('category-uniform').sample(400, seed);
    const renamed = mapped(a, (v) => [900, -3, 0.5, 17, 4][v]);
    expect(gao().estimate(renamed, b, { seed }).nats).toBe(gao().estimate(a, b, { seed }).nats);
  });

  it('states a standard error that is the spread over repetitions', () => {
    const task = taskNamed('half-discrete-half-normal');
    const estimates = Array.from({ length: 40 }, (_, s) => {
      const { a, b } = task.sample(400, s);
      return gao().estimate(a, b, { seed: s });
    });
    const ratio = mean(estimates.map((e) => e.standardError)) / deviation(estimates.map((e) => e.nats));
    expect(ratio).toBeGreaterThan(0.7);
    expect(ratio).toBeLessThan(1.4);
  });
});
