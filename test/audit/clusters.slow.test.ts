/** Splits of points into two clusters, against what is known of normal distributions. */

import { describe, expect, it } from 'vitest';
import { clusterLogOdds, heldOutGain } from '../../src/audit/mixture.js';
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
    expect(new Set(clusterLogOdds(alike, twoMeans(alike, 0, 5).cluster))).toEqual(new Set([-10]));
  });

  it('gives the same on another scale', () => {
    const { matrix } = points(400, 5, 3, 0.4);
    const large = { ...matrix, data: matrix.data.map((v) => 1024 * v) };
    expect(twoMeans(large, 3).separation).toBeCloseTo(twoMeans(matrix, 3).separation, 6);
    expect(heldOutGain(large, 3)).toBeCloseTo(heldOutGain(matrix, 3), 6);
  });
});

describe('log-odds of the second cluster', () => {
  it('are Fisher’s: shift · x − shift² / 2 + ln of the shares, where the parts are normal with unit variance', () => {
    const { matrix, cluster } = points(8000, 3, 4, 0.25);
    const logOdds = clusterLogOdds(matrix, cluster);
    const truth = Float64Array.from(logOdds, (_, i) => 4 * matrix.data[3 * i] - 8 + Math.log(0.25 / 0.75));
    const off = truth.map((t, i) => Math.abs(t - logOdds[i]) / (1 + Math.abs(t)));
    expect(off.reduce((a, b) => a + b, 0) / off.length).toBeLessThan(0.06);
  });

  it('correct a start with a fifth of the points in the wrong cluster', () => {
    const { matrix, cluster } = points(1000, 3, 6, 0.3);
    const logOdds = clusterLogOdds(
      matrix,
      cluster.map((v, i) => (i % 5 === 0 ? 1 - v : v)),
    );
    const wrong = [...cluster.keys()].filter((i) => logOdds[i] > 0 !== (cluster[i] === 1)).length;
    expect(wrong).toBeLessThan(8);
  });
});

describe('the gain of two-sidedness', () => {
  it.each([
    [6, 0.5],
    [5, 0.2],
    [8, 0.3],
  ])('is the held-out gain of two normals over one: shift %d, share %d', (shift, share) => {
    // The truth is that of the one column that separates the groups; the others cost a little.
    expect(Math.abs(heldOutGain(points(6000, 3, shift, share).matrix, 0) - gain(shift, share))).toBeLessThan(0.02);
  });

  it.each([60, 200, 2000])('is not above nothing for %d points of one normal', (n) => {
    for (let seed = 0; seed < 5; seed++) expect(heldOutGain(points(n, 10, 0, 0, seed).matrix, seed)).toBeLessThan(0.02);
  });
});
