import { describe, expect, it } from 'vitest';
import { Rng } from '../../src/base/random.js';
import { NoiseBank } from '../../src/engine/index.js';

/**
 * Every statistic below is a z-score or a Kolmogorov distance whose law under the claim is known; each is tested two-sided
 * at a significance of 10⁻⁴. Seeds are fixed, so a test passes always or never.
 */
const Z = 3.89;
/** √n·D of Kolmogorov and Smirnov: √(−½·ln(α/2)). */
const KOLMOGOROV = Math.sqrt(-Math.log(0.5e-4) / 2);

const mean = (v: ArrayLike<number>) => Array.from(v).reduce((s, x) => s + x, 0) / v.length;

/** z-scores of the first four moments against the normal law N(0, std²). */
function moments(values: ArrayLike<number>, std: number) {
  const z = Array.from(values, (v) => v / std);
  const n = z.length;
  const m = mean(z);
  const centred = (k: number) => mean(z.map((v) => (v - m) ** k));
  const sd = Math.sqrt(centred(2));
  return {
    mean: m * Math.sqrt(n),
    variance: (centred(2) - 1) / Math.sqrt(2 / n),
    skewness: centred(3) / sd ** 3 / Math.sqrt(6 / n),
    kurtosis: (centred(4) / sd ** 4 - 3) / Math.sqrt(24 / n),
  };
}

/** √n times the largest distance between the empirical and the normal distribution function. */
function kolmogorov(values: ArrayLike<number>, std: number): number {
  const sorted = Float64Array.from(values).sort();
  const n = sorted.length;
  let d = 0;
  sorted.forEach((v, i) => {
    const p = normalCdf(v / std);
    d = Math.max(d, p - i / n, (i + 1) / n - p);
  });
  return d * Math.sqrt(n);
}

/** Abramowitz and Stegun 26.2.17, to 1e-7. */
function normalCdf(x: number): number {
  const t = 1 / (1 + 0.2316419 * Math.abs(x));
  const tail =
    (Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI)) *
    t *
    (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  return x > 0 ? 1 - tail : tail;
}

/** Correlation times √n: standard normal where the two are independent. */
function correlation(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const [ma, mb] = [mean(a), mean(b)];
  let [ab, aa, bb] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    ab += (a[i] - ma) * (b[i] - mb);
    aa += (a[i] - ma) ** 2;
    bb += (b[i] - mb) ** 2;
  }
  return (ab / Math.sqrt(aa * bb)) * Math.sqrt(a.length);
}

function expectNormal(values: ArrayLike<number>, std: number) {
  for (const [name, z] of Object.entries(moments(values, std))) expect(Math.abs(z), name).toBeLessThan(Z);
  expect(kolmogorov(values, std)).toBeLessThan(KOLMOGOROV);
}

const STD = 0.4;
/** One tensor of 128 samples of 4 096 values and one of 128 samples of 512, as two sites of a network draw them. */
const SAMPLES = 128;
const WIDE = 4096;
const NARROW = 512;
const bank = new NoiseBank(STD, SAMPLES * WIDE, new Rng(1, 'bank'));

describe('noise from the bank is normal and independent', () => {
  it('a large window has the moments and the distribution function of N(0, γ²)', () => {
    bank.reseed(new Rng(1, 'window'));
    expectNormal(bank.draw(SAMPLES * WIDE), STD);
  });

  it('so has one unit over the samples of a step, whichever unit', () => {
    bank.reseed(new Rng(1, 'unit'));
    const window = bank.draw(SAMPLES * WIDE);
    const unit = (u: number) => Float64Array.from({ length: SAMPLES }, (_, s) => window[s * WIDE + u]);
    // The units' standardised means over the samples are themselves standard normal.
    const z = Array.from({ length: WIDE }, (_, u) => moments(unit(u), STD).mean);
    expect(kolmogorov(z, 1)).toBeLessThan(KOLMOGOROV);
  });

  const STEPS = 20_000;
  /** Values over the steps at two sites: at the same place, and one sample further. */
  const steps = (() => {
    bank.reseed(new Rng(1, 'steps'));
    const at = Array.from({ length: 4 }, () => new Float64Array(STEPS));
    for (let t = 0; t < STEPS; t++) {
      const wide = bank.draw(SAMPLES * WIDE);
      const narrow = bank.draw(SAMPLES * NARROW);
      at[0][t] = wide[5 * WIDE + 77];
      at[1][t] = wide[6 * WIDE + 77];
      at[2][t] = narrow[5 * NARROW + 77];
      at[3][t] = narrow[6 * NARROW + 77];
    }
    return at;
  })();

  it('one unit of one sample over the steps is normal', () => {
    for (const values of steps) expectNormal(values, STD);
  });

  it('and uncorrelated with itself at the next step', () => {
    for (const v of steps) expect(Math.abs(correlation(v.subarray(0, -1), v.subarray(1)))).toBeLessThan(Z);
  });

  it('two samples, and two sites of one step, are uncorrelated, also in their squares', () => {
    for (let i = 0; i < steps.length; i++)
      for (let j = 0; j < i; j++) {
        expect(Math.abs(correlation(steps[i], steps[j])), `${i} ${j}`).toBeLessThan(Z);
        const squares = [steps[i], steps[j]].map((v) => v.map((x) => x * x));
        expect(Math.abs(correlation(squares[0], squares[1])), `${i} ${j} squared`).toBeLessThan(Z);
      }
  });

  it('two units of one step are uncorrelated over its samples', () => {
    bank.reseed(new Rng(1, 'pairs'));
    const window = bank.draw(SAMPLES * WIDE);
    const unit = (u: number) => Float64Array.from({ length: SAMPLES }, (_, s) => window[s * WIDE + u]);
    // 2 048 disjoint pairs of neighbours: the mean of z² is 1 with a standard deviation of √(2/2048).
    const z = Array.from({ length: WIDE / 2 }, (_, p) => correlation(unit(2 * p), unit(2 * p + 1)));
    expect(Math.abs(mean(z.map((x) => x * x)) - 1) / Math.sqrt(2 / z.length)).toBeLessThan(Z);
    expect(Math.abs(mean(z)) * Math.sqrt(z.length)).toBeLessThan(Z);
  });
});

describe('noise is a function of the seed', () => {
  const windows = (b: NoiseBank) => Array.from({ length: 20 }, () => b.draw(100).slice());

  it('the same seed gives the same bank and the same windows', () => {
    const make = (seed: number) => new NoiseBank(1, 100, new Rng(seed, 'noise'), 10_000);
    expect(windows(make(7))).toEqual(windows(make(7)));
    expect(windows(make(7))).not.toEqual(windows(make(8)));
  });

  it('a stream set anew repeats its windows, whatever was drawn before', () => {
    const b = new NoiseBank(1, 100, new Rng(7, 'noise'), 10_000);
    b.reseed(new Rng(7, 'step', 3));
    const first = windows(b);
    expect(windows(b)).not.toEqual(first);
    b.reseed(new Rng(7, 'step', 3));
    expect(windows(b)).toEqual(first);
  });

  it('γ = 0 is silence', () => {
    expect(new NoiseBank(0, 100, new Rng(7, 'noise'), 1000).draw(100).every((v) => v === 0)).toBe(true);
  });
});
