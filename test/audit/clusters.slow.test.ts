/** Splits of points into two clusters, against what is known of normal distributions. */

import { describe, expect, it } from 'vitest';
import { chanceLaw } from '../../src/audit/chance.js';
import { clustered, heldOutGain } from '../../src/audit/mixture.js';
import { Rng } from '../../src/base/random.js';
import { twoMeans } from '../../src/representation/two-means.js';

/** n points of d columns: a share of them moved by `shift` along the first. */
function points(n: number, d: number, shift: number, share: number, seed = 1) {
  const rng = new Rng(seed, 'points');
  const cluster = Uint8Array.from({ length: n }, () => Number(rng.uniform() < share));
  const data = Float32Array.from(
    { length: n * d },
    (_, i) => rng.normal() + (i % d === 0 ? shift * cluster[Math.floor(i / d)] : 0),
  );
  return { matrix: { data, n, d }, cluster };
}

/** E[ln mixture − ln one normal of the same mean and variance] in one dimension, by the trapezium rule. */
function gain(shift: number, share: number): number {
  const normal = (x: number, mean: number, variance: number) =>
    Math.exp(-((x - mean) ** 2) / (2 * variance)) / Math.sqrt(2 * Math.PI * variance);
  const [mean, variance] = [share * shift, 1 + share * (1 - share) * shift ** 2];
  let sum = 0;
  for (let x = -8; x < shift + 8; x += 0.001) {
    const p = (1 - share) * normal(x, 0, 1) + share * normal(x, shift, 1);
    sum += 0.001 * p * Math.log(p / normal(x, mean, variance));
  }
  return sum;
}

describe('two means', () => {
  it('finds two distant groups exactly, and their distance in standard deviations', () => {
    const { matrix, cluster } = points(2000, 4, 12, 0.3);
    const found = twoMeans(matrix, 0);
    const same = found.cluster.filter((v, i) => v === cluster[i]).length;
    expect(Math.max(same, 2000 - same)).toBe(2000);
    expect(found.separation).toBeCloseTo(12, 0);
  });

  it('cuts a single normal in half: the halves lie 2·√(2/π)/√(1 − 2/π) = 2.65 apart', () => {
    expect(twoMeans(points(20_000, 1, 0, 0).matrix, 0).separation).toBeCloseTo(2.647, 1);
  });

  it('takes a few outliers for no cluster: finds the groups beside them, or none', () => {
    const { matrix, cluster } = points(403, 4, 9, 0.3);
    for (let i = 400; i < 403; i++) matrix.data[4 * i + 1] += 300;
    expect(twoMeans(matrix, 0).cluster.reduce((s, v) => s + v, 0) % 400).toBe(3);
    const found = twoMeans(matrix, 0, 5);
    const same = found.cluster.subarray(0, 400).filter((v, i) => v === cluster[i]).length;
    expect(Math.max(same, 400 - same)).toBeGreaterThan(395);
    const alike = { data: new Float32Array(80).map((_, i) => (i < 8 ? 100 : 0)), n: 20, d: 4 };
    expect(twoMeans(alike, 0, 5).separation).toBeNaN();
  });

  it('gives the same on another scale', () => {
    const { matrix } = points(400, 5, 3, 0.4);
    const large = { ...matrix, data: matrix.data.map((v) => 1024 * v) };
    expect(twoMeans(large, 3).separation).toBeCloseTo(twoMeans(matrix, 3).separation, 6);
    const gain = (m: typeof matrix) => heldOutGain(m, clustered(m, 3).r!, 3);
    expect(gain(large)).toBeCloseTo(gain(matrix), 6);
  });
});

/** Samples on the wrong side, whichever cluster is the second. */
function wrong(found: Float64Array, cluster: Uint8Array): number {
  const off = found.reduce((s, z, i) => s + Number(z > 0 !== (cluster[i] === 1)), 0);
  return Math.min(off, cluster.length - off);
}

describe('log-odds of the second cluster', () => {
  it('are Fisher’s: shift · x − shift² / 2 + ln of the shares, where the parts are normal with unit variance', () => {
    const { matrix } = points(8000, 3, 4, 0.25);
    const { logOdds } = clustered(matrix, 0);
    const truth = Float64Array.from(logOdds, (_, i) => 4 * matrix.data[3 * i] - 8 + Math.log(0.25 / 0.75));
    const turn = Math.sign(truth.reduce((s, t, i) => s + t * logOdds[i], 0));
    const off = truth.map((t, i) => Math.abs(t - turn * logOdds[i]) / (1 + Math.abs(t)));
    expect(off.reduce((a, b) => a + b, 0) / off.length).toBeLessThan(0.06);
  });

  it('find a cluster of a twentieth that 2-means cuts a large one for', () => {
    for (const seed of [1, 2, 3]) {
      const { matrix, cluster } = points(400, 6, 6, 0.05, seed);
      // One column without clusters is wide: the sum of squares is smallest for two halves of it.
      for (let i = 0; i < 400; i++) matrix.data[6 * i + 5] *= 4;
      const halves = Float64Array.from(twoMeans(matrix, 0, 5).cluster, (v) => v - 0.5);
      expect(wrong(halves, cluster)).toBeGreaterThan(100);
      expect(wrong(clustered(matrix, 0).logOdds, cluster)).toBeLessThan(5);
    }
  });

  it('are finite where nearly all points are the same', () => {
    const alike = { data: new Float32Array(240).map((_, i) => (i < 24 ? 100 : 0)), n: 60, d: 4 };
    expect([...clustered(alike, 0).logOdds].every(Number.isFinite)).toBe(true);
  });
});

describe('the gain of two-sidedness', () => {
  const gainOf = ({ matrix }: ReturnType<typeof points>, seed: number) =>
    heldOutGain(matrix, clustered(matrix, seed).r!, seed);

  it.each([
    [6, 0.5],
    [5, 0.2],
    [8, 0.3],
  ])('is the held-out gain of two normals over one: shift %d, share %d', (shift, share) => {
    // The truth is that of the one column that separates the groups; the others cost a little.
    expect(Math.abs(gainOf(points(6000, 3, shift, share), 0) - gain(shift, share))).toBeLessThan(0.02);
  });

  it('is what chance shows, for one normal', () => {
    for (const n of [60, 200]) {
      const { mean, sd } = chanceLaw(n, 10).gain;
      for (let seed = 20; seed < 25; seed++)
        expect(Math.abs(gainOf(points(n, 10, 0, 0, seed), seed) - mean)).toBeLessThan(5 * sd);
    }
  });
});
