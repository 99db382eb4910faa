import { describe, expect, it } from 'vitest';
import { pairwiseBounds } from '../../src/information/pairwise.js';
import { samples } from '../../src/information/samples.js';
import { deviation, mapped, mean, noise } from './helpers.js';

const seed = 1;

/** The two bounds by the plain double loop in double precision. */
function direct(data: ArrayLike<number>, n: number, d: number, std: number): [number, number] {
  let lower = 0;
  let upper = 0;
  for (let i = 0; i < n; i++) {
    let far = 0;
    let near = 0;
    for (let j = 0; j < n; j++) {
      let squared = 0;
      for (let c = 0; c < d; c++) squared += ((data[i * d + c] - data[j * d + c]) / std) ** 2;
      far += Math.exp(-squared / 8);
      near += Math.exp(-squared / 2);
    }
    lower -= Math.log(far / n) / n;
    upper -= Math.log(near / n) / n;
  }
  return [lower, upper];
}

describe('the pairwise bounds', () => {
  for (const [n, d, std] of [
    [200, 3, 1],
    [301, 40, 4],
    [150, 512, 12],
    [200, 2, 1e-5],
  ])
    it(`equal the direct computation for ${n} samples of ${d} columns with noise ${std}`, () => {
      const t = noise(n, d, 1);
      const [lower, upper] = direct(t.data, n, d, std);
      const bounds = pairwiseBounds(t, { std }, { seed });
      expect(Math.abs(bounds.lower.nats - lower)).toBeLessThan(1e-6);
      expect(Math.abs(bounds.upper.nats - upper)).toBeLessThan(1e-6);
    });

  it('lose nothing where the means lie far from the origin or in tiny units', () => {
    const t = noise(200, 4, 2);
    const { lower, upper } = pairwiseBounds(t, { std: 1 }, { seed });
    const far = pairwiseBounds(
      mapped(t, (v) => v + 1e6),
      { std: 1 },
      { seed },
    );
    expect(far.lower.nats).toBeCloseTo(lower.nats, 6);
    expect(far.upper.nats).toBeCloseTo(upper.nats, 6);
    const tiny = pairwiseBounds(
      mapped(t, (v) => v * 1e-150),
      { std: 1e-150 },
      { seed },
    );
    expect(tiny.lower.nats).toBeCloseTo(lower.nats, 6);
  });

  it('enclose the truth ½ ln(1 + 1/σ²) per column for normal means, at the distances a formula gives', () => {
    for (const [d, std] of [
      [1, 0.5],
      [2, 1],
      [3, 1],
    ]) {
      // E_j exp(−|t_i − t_j|² / 2cσ²) for normal means, c = 1 and 4.
      const limit = (c: number) => (d / 2) * (Math.log1p(1 / (c * std ** 2)) + 1 / (c * std ** 2 + 1));
      const truth = (d / 2) * Math.log1p(1 / std ** 2);
      const { lower, upper } = pairwiseBounds(noise(2000, d, 3), { std }, { seed });
      expect(lower.nats).toBeLessThan(truth);
      expect(upper.nats).toBeGreaterThan(truth);
      expect(Math.abs(lower.nats - limit(4))).toBeLessThan(3 * lower.standardError);
      expect(Math.abs(upper.nats - limit(1))).toBeLessThan(3 * upper.standardError);
    }
  });

  it('are both the entropy of the cluster where clusters are tight and far apart', () => {
    const clusters = samples(Array.from({ length: 400 }, (_, i) => [0, 100, 200, 300][i % 4]));
    const { lower, upper } = pairwiseBounds(clusters, { std: 1 }, { seed });
    expect(lower.nats).toBeCloseTo(Math.log(4), 9);
    expect(upper.nats).toBeCloseTo(Math.log(4), 9);
    expect(upper.saturated).toBe(false);
  });

  it('are ln n, and say so, where every sample is alone', () => {
    const { lower } = pairwiseBounds(noise(120, 5, 4), { std: 1e-3 }, { seed });
    expect(lower.nats).toBeCloseTo(Math.log(120), 9);
    expect(lower.saturated).toBe(true);
    expect(lower.warnings.join()).toMatch(/120 inputs are distinguished almost perfectly.*ceiling ln 120/);
  });

  it('are 0 where all means are the same', () => {
    const { lower, upper } = pairwiseBounds(samples(new Float64Array(60).fill(3)), { std: 0.1 }, { seed });
    expect([lower.nats, upper.nats]).toEqual([0, 0]);
  });

  it('take one deviation, one per column, or a covariance, and these agree where they mean the same', () => {
    const t = noise(150, 3, 5);
    const one = pairwiseBounds(t, { std: 0.5 }, { seed });
    const each = pairwiseBounds(t, { std: [0.5, 0.5, 0.5] }, { seed });
    const covariance = Float64Array.of(0.25, 0, 0, 0, 0.25, 0, 0, 0, 0.25);
    const whole = pairwiseBounds(t, { covariance }, { seed });
    expect(each.upper.nats).toBe(one.upper.nats);
    expect(whole.upper.nats).toBeCloseTo(one.upper.nats, 9);
  });

  it('do not change when means and noise go through the same linear map', () => {
    const t = noise(150, 2, 6);
    const { lower } = pairwiseBounds(t, { std: 1 }, { seed });
    // M = [[2, 0], [1, 3]], noise covariance M·Mᵀ.
    const moved = mapped(t, (v, i) => (i % 2 === 0 ? 2 * v : t.data[i - 1] + 3 * v));
    const turned = pairwiseBounds(moved, { covariance: Float64Array.of(4, 2, 2, 10) }, { seed });
    expect(turned.lower.nats).toBeCloseTo(lower.nats, 6);
  });

  it('state standard errors that are the spread over repetitions', () => {
    const all = Array.from({ length: 60 }, (_, s) => pairwiseBounds(noise(200, 3, 100 + s), { std: 1 }, { seed: s }));
    for (const side of ['lower', 'upper'] as const) {
      const ratio = mean(all.map((b) => b[side].standardError)) / deviation(all.map((b) => b[side].nats));
      expect(ratio).toBeGreaterThan(0.75);
      expect(ratio).toBeLessThan(1.5);
    }
  });

  it('refuse a noise that is none', () => {
    const t = noise(20, 2, 7);
    expect(() => pairwiseBounds(t, { std: 0 }, { seed })).toThrow(/positive and finite, got 0/);
    expect(() => pairwiseBounds(t, { std: Number.NaN }, { seed })).toThrow(/got NaN/);
    expect(() => pairwiseBounds(t, { std: [1] }, { seed })).toThrow(/2 columns need 2/);
    expect(() => pairwiseBounds(t, { covariance: Float64Array.of(1, 2, 2, 1) }, { seed })).toThrow(/not positive/);
  });
});
