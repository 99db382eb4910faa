import { describe, expect, it } from 'vitest';
import { cca } from '../../src/information/cca.js';
import { samples } from '../../src/information/samples.js';
import { taskNamed } from '../../src/information/tasks/index.js';
import { deviation, golden, mapped, mean, noise } from './helpers.js';

const seed = 1;

describe('CCA', () => {
  it('agrees with QR and singular values in NumPy', () => {
    const estimate = cca().estimate(samples(golden.plane.a, 2), samples(golden.plane.b, 3), { seed });
    expect(estimate.details.uncorrected).toBeCloseTo(golden.cca, 9);
  });

  for (const id of ['normal-1x1-0.9', 'normal-1x1-0.99', 'normal-dense-25x25', 'normal-sparse-25x25', 'normal-3v5'])
    it(`is within three standard errors of the truth on ${id}`, () => {
      const task = taskNamed(id);
      const { a, b } = task.sample(3000, seed);
      const estimate = cca().estimate(a, b, { seed });
      expect(Math.abs(estimate.nats - task.truth)).toBeLessThan(3 * estimate.standardError);
      expect(estimate.standardError).toBeLessThan(0.06);
    });

  it('is unbiased at few samples for its columns, and its standard error is the spread', () => {
    const task = taskNamed('normal-sparse-5x5');
    const estimates = Array.from({ length: 150 }, (_, s) => {
      const { a, b } = task.sample(60, s);
      return cca().estimate(a, b, { seed });
    });
    const values = estimates.map((e) => e.nats);
    expect(Math.abs(mean(values) - task.truth)).toBeLessThan((3 * deviation(values)) / Math.sqrt(150));
    // What the correction removes is many times that.
    expect(mean(estimates.map((e) => e.details.bias))).toBeGreaterThan(0.2);
    const ratio = mean(estimates.map((e) => e.standardError)) / deviation(values);
    expect(ratio).toBeGreaterThan(0.75);
    expect(ratio).toBeLessThan(1.35);
  });

  it('does not change under invertible linear maps of either variable', () => {
    const { a, b } = taskNamed('normal-sparse-2x2').sample(300, seed);
    const turned = mapped(a, (v, i) => (i % 2 === 0 ? 1e8 * (v + 2 * a.data[i + 1]) : 3 * v + a.data[i - 1]));
    const { nats } = cca().estimate(a, b, { seed });
    expect(cca().estimate(turned, b, { seed }).nats).toBeCloseTo(nats, 9);
    expect(cca().estimate(b, a, { seed }).nats).toBeCloseTo(nats, 9);
  });

  it('leaves out columns that repeat what others say', () => {
    const { a, b } = taskNamed('normal-sparse-2x2').sample(300, seed);
    const wider = samples(
      Array.from({ length: 300 }, (_, i) => {
        const [x, y] = a.data.subarray(2 * i, 2 * i + 2);
        return [x, y, x + y, 7, 5 * x];
      }).flat(),
      5,
    );
    const estimate = cca().estimate(wider, b, { seed });
    expect(estimate.nats).toBeCloseTo(cca().estimate(a, b, { seed }).nats, 9);
    expect(estimate.details.rankFirst).toBe(2);
    expect(estimate.warnings.join()).toMatch(/never change.*linear functions of the others/);
  });

  it('sees nothing of a dependence without correlation', () => {
    const task = taskNamed('cross-1x1');
    const { a, b } = task.sample(3000, seed);
    expect(cca().estimate(a, b, { seed }).nats).toBeLessThan(0.05 * task.truth);
  });

  it('says that a covariance means little where the tails are heavy', () => {
    const { a, b } = taskNamed('student-identity-1x1-1').sample(2000, seed);
    expect(cca().estimate(a, b, { seed }).warnings.join()).toMatch(/tails this heavy/);
  });

  it('finds the planted information that survives in a few columns', () => {
    const task = taskNamed('planted-2');
    const { a, b } = task.sample(400, seed);
    // The first 30 of the 3 072 columns determine the five sources up to a little noise.
    const first = Float64Array.from({ length: 400 * 30 }, (_, i) => a.data[Math.floor(i / 30) * a.d + (i % 30)]);
    const estimate = cca({ tolerance: 1e-8 }).estimate(samples(first, 30), b, { seed });
    expect(estimate.details.rankSecond).toBe(5);
    expect(Math.abs(estimate.nats - 2)).toBeLessThan(3 * estimate.standardError);
  });

  it('refuses what has no finite answer', () => {
    const x = noise(200, 2, 1);
    expect(() =>
      cca().estimate(
        x,
        mapped(x, (v) => 3 - 2 * v),
        { seed },
      ),
    ).toThrow(/infinite/);
    expect(() => cca().estimate(noise(20, 15, 1), noise(20, 10, 2), { seed })).toThrow(/more than 26 samples, got 20/);
  });

  it('says how much of the value was chance', () => {
    const estimate = cca().estimate(noise(150, 10, 1), noise(150, 10, 2), { seed });
    expect(estimate.warnings.join()).toMatch(/chance alone makes 0\.\d\d nats/);
    expect(Math.abs(estimate.nats)).toBeLessThan(3 * estimate.standardError);
  });
});
