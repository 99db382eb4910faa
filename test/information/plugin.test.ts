import { describe, expect, it } from 'vitest';
import { Rng } from '../../src/base/random.js';
import { plugin, tableInformation } from '../../src/information/plugin.js';
import { samples } from '../../src/information/samples.js';
import { poisonTable } from '../../src/information/tasks/discrete.js';
import { taskNamed } from '../../src/information/tasks/index.js';
import { deviation, mean } from './helpers.js';

const seed = 1;
const draw = (n: number, s: number, follow: number) => {
  const rng = new Rng(s, 'test plugin');
  const a = Float64Array.from({ length: n }, () => rng.int(4));
  const b = a.map((v) => (rng.uniform() < follow ? v % 3 : rng.int(3)));
  return [samples(a, 1, true), samples(b, 1, true)] as const;
};

describe('the plug-in estimate', () => {
  it('of "is poisoned" and the label is H(Y) − H(Y|B), 0.193648 nats, at 10 % of ten equal classes', () => {
    const labelEntropy = -0.19 * Math.log(0.19) - 0.81 * Math.log(0.09);
    const truth = labelEntropy - 0.9 * Math.log(10);
    expect(truth).toBeCloseTo(0.193648, 6);
    expect(tableInformation(poisonTable(), 2, 10)).toBeCloseTo(truth, 12);
    const { a, b } = taskNamed('poison-label').sample(5000, seed);
    const estimate = plugin().estimate(a, b, { seed });
    // 11 occupied cells of 2 + 10 margins: the Miller–Madow terms cancel.
    expect(estimate.nats).toBeCloseTo(truth, 9);
    expect(estimate.details.bias).toBe(0);
  });

  it('of a variable with itself is its entropy', () => {
    const [a] = draw(1000, 1, 0);
    const estimate = plugin({ correction: 'none' }).estimate(a, a, { seed });
    expect(estimate.nats).toBeCloseTo(estimate.details.entropyFirst, 12);
    expect(estimate.saturated).toBe(false);
  });

  it('depends on neither the names of the categories nor their order', () => {
    const [a, b] = draw(500, 2, 0.5);
    const renamed = samples(
      Array.from(a.data, (v) => [-7.5, 1e300, 0, 3][v]),
      1,
      true,
    );
    const { nats } = plugin().estimate(a, b, { seed });
    expect(plugin().estimate(renamed, b, { seed }).nats).toBeCloseTo(nats, 12);
    expect(plugin().estimate(b, a, { seed }).nats).toBeCloseTo(nats, 12);
  });

  it('of rows with several columns takes the row as one category', () => {
    const [a, b] = draw(500, 3, 0.5);
    const both = samples(
      Array.from(a.data).flatMap((v) => [v >> 1, v & 1]),
      2,
      true,
    );
    expect(plugin().estimate(both, b, { seed }).nats).toBeCloseTo(plugin().estimate(a, b, { seed }).nats, 12);
  });

  it('is unbiased by its correction where the variables are independent, and its standard error is the spread', () => {
    const estimates = Array.from({ length: 200 }, (_, s) => {
      const [a, b] = draw(150, s, 0);
      return plugin().estimate(a, b, { seed });
    });
    const values = estimates.map((e) => e.nats);
    const spread = deviation(values);
    // Uncorrected, the mean would be 6 / 300 = 0.02.
    expect(Math.abs(mean(values))).toBeLessThan((4 * spread) / Math.sqrt(200));
    expect(mean(estimates.map((e) => e.details.uncorrected))).toBeGreaterThan(0.015);
    const stated = mean(estimates.map((e) => e.standardError));
    expect(stated / spread).toBeGreaterThan(0.75);
    expect(stated / spread).toBeLessThan(1.4);
  });

  it('states the spread where the variables are dependent', () => {
    const estimates = Array.from({ length: 100 }, (_, s) => {
      const [a, b] = draw(500, s, 0.6);
      return plugin().estimate(a, b, { seed });
    });
    const ratio = mean(estimates.map((e) => e.standardError)) / deviation(estimates.map((e) => e.nats));
    expect(ratio).toBeGreaterThan(0.8);
    expect(ratio).toBeLessThan(1.25);
  });

  it('warns where the cells are too thin, and is saturated where every row is its own category', () => {
    const unique = samples(
      Array.from({ length: 200 }, (_, i) => i),
      1,
      true,
    );
    const estimate = plugin({ correction: 'none' }).estimate(unique, unique, { seed });
    expect(estimate.nats).toBeCloseTo(Math.log(200), 9);
    expect(estimate.saturated).toBe(true);
    expect(estimate.warnings.join()).toMatch(/too thin/);
  });
});
