import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { cholesky } from '../../src/information/linalg.js';
import { whitened } from '../../src/information/noise-model.js';
import { chooseKappa, isResolved, KAPPAS } from '../../src/information/resolution.js';
import { resolvedInformation } from '../../src/information/resolved.js';
import { resolved } from '../../src/information/resolved-estimator.js';
import { samples } from '../../src/information/samples.js';

interface Task {
  id: string;
  kind: 'line' | 'cloud' | 'anisotropic' | 'mixture';
  seed: number;
  n: number;
  d: number;
  kappas: number[];
  nats: number[];
  error: number[];
}
interface Same {
  n: number;
  d: number;
  directions: number;
  kappas: number[];
  nats: number[];
}

const golden = JSON.parse(readFileSync(new URL('../golden/resolved.json', import.meta.url), 'utf8')) as {
  same: Same;
  far: Same;
  tasks: Task[];
};

/** The generator of test/golden/resolved.py. */
function normals(seed: number, count: number): Float64Array {
  let state = seed;
  const uniform = () => {
    state = (Math.imul(1664525, state) + 1013904223) >>> 0;
    return (state + 0.5) / 2 ** 32;
  };
  return Float64Array.from({ length: count }, () => {
    const radius = Math.sqrt(-2 * Math.log(uniform()));
    return radius * Math.cos(2 * Math.PI * uniform());
  });
}

/** The points of a task in coordinates in which its noise has covariance 1. */
function pointsOf({ kind, seed, n, d }: Task): Float64Array {
  const x = normals(seed, n * d);
  if (kind === 'mixture')
    return x.map((v, at) => {
      const i = Math.floor(at / d);
      return [v * 0.2, v * 3, v + 8 * ((i % 9) - 4)][i % 3];
    });
  const points = x.map((v) => 2 * v);
  if (kind !== 'anisotropic') return points;
  const a = normals(10, d * d);
  const covariance = new Float64Array(d * d);
  for (let i = 0; i < d; i++)
    for (let j = 0; j < d; j++) {
      for (let c = 0; c < d; c++) covariance[i * d + j] += a[i * d + c] * a[j * d + c];
      if (i === j) covariance[i * d + j] += 0.1;
    }
  return whitened(points, cholesky(covariance, d)!, d);
}

describe('resolved information', () => {
  it.each(['same', 'far'] as const)('equals the defining formula for the same noise to 1e-6 (%s)', (which) => {
    const { n, d, directions, kappas, nats } = golden[which];
    const data = normals(1, n * d).map((v, at) => 3 * v + (which === 'far' ? 1e6 * (Math.floor(at / d) % 3) : 0));
    const found = resolvedInformation({ data, n, d }, kappas, normals(2, directions * n * d));
    for (let k = 0; k < kappas.length; k++) expect(Math.abs(found.nats[k] - nats[k])).toBeLessThan(1e-6);
  });

  for (const task of golden.tasks)
    it(`is within 1 % or 0.01 nats of brute force on ${task.id}`, () => {
      expect(task.kappas.length).toBeGreaterThan(1);
      const points = samples(pointsOf(task), task.d);
      task.kappas.forEach((kappa, k) => {
        const { nats, standardError } = resolved({ noiseStd: 1, kappa }).estimate(points, points, { seed: 1 });
        const truth = task.nats[k];
        expect(Math.abs(nats - truth)).toBeLessThan(Math.max(0.01 * truth, 0.01));
        expect(standardError).toBeLessThanOrEqual(Math.max(0.005 * nats, 0.003));
      });
    });

  it('of clusters far apart is the entropy of their sizes', () => {
    const sizes = [50, 30, 15, 5];
    const data = Float64Array.from(sizes.flatMap((size, c) => Array<number>(size).fill(1000 * c)));
    const { nats } = resolved({ noiseStd: 2 }).estimate(samples(data), samples(data), { seed: 0 });
    const entropy = sizes.reduce((s, size) => s - (size / 100) * Math.log(size / 100), 0);
    expect(nats).toBeCloseTo(entropy, 9);
  });

  it('of equal points is 0 and of points far apart is ln n, which is saturated', () => {
    const [equal, apart] = [new Float64Array(200).fill(7), Float64Array.from({ length: 200 }, (_, i) => 100 * i)];
    const [none, all] = [equal, apart].map((data) =>
      resolved({ noiseStd: 1 }).estimate(samples(data), samples(data), { seed: 0 }),
    );
    expect(none.nats).toBeCloseTo(0, 12);
    expect([all.nats, all.ceiling]).toEqual([expect.closeTo(Math.log(200), 9), Math.log(200)]);
    expect([none.saturated, all.saturated]).toEqual([false, true]);
  });

  it('falls as the noise grows, and its contributions average to it', () => {
    const [n, d] = [80, 4];
    const found = resolvedInformation(
      { data: normals(1, n * d).map((v) => 9 * v), n, d },
      KAPPAS,
      normals(2, 40 * n * d),
    );
    for (let k = 1; k < KAPPAS.length; k++) expect(found.nats[k]).toBeLessThanOrEqual(found.nats[k - 1] + 1e-9);
    expect(found.pointwise[4].reduce((s, v) => s + v / n, 0)).toBeCloseTo(found.nats[4], 12);
  });

  it('has the standard error that repeated draws spread by', () => {
    const [n, d, repeats] = [60, 5, 200];
    const data = normals(1, n * d).map((v) => 2 * v);
    const found = Array.from({ length: repeats }, (_, r) =>
      resolvedInformation({ data, n, d }, [2], normals(100 + r, 4 * n * d)),
    );
    const mean = found.reduce((s, f) => s + f.nats[0] / repeats, 0);
    const spread = Math.sqrt(found.reduce((s, f) => s + (f.nats[0] - mean) ** 2 / (repeats - 1), 0));
    const stated = Math.sqrt(found.reduce((s, f) => s + f.standardError[0] ** 2 / repeats, 0));
    expect(stated / spread).toBeGreaterThan(0.8);
    expect(stated / spread).toBeLessThan(1.25);
  });

  it('with replaced distances is that of points which have them', () => {
    const [n, d] = [40, 3];
    const data = normals(1, n * d);
    const z = normals(2, 4 * n * d);
    const squared = new Float64Array(n * n);
    for (let i = 0; i < n; i++)
      for (let j = 0; j < n; j++)
        for (let c = 0; c < d; c++) squared[i * n + j] += 9 * (data[i * d + c] - data[j * d + c]) ** 2;
    const scaled = resolvedInformation({ data: data.map((v) => 3 * v), n, d }, [1, 2], z);
    const replaced = resolvedInformation({ data, n, d }, [1, 2], z, squared);
    for (const k of [0, 1]) expect(replaced.nats[k]).toBeCloseTo(scaled.nats[k], 9);
  });
});

describe('the resolution', () => {
  it('is the κ at which clean classes are nearest half of ln n, the smaller of two', () => {
    const half = Math.log(250) / 2;
    expect(chooseKappa([1, 2, 4, 8], [5.5, half + 0.4, half - 0.3, 0.5], 250)).toBe(4);
    expect(chooseKappa([2, 1], [half, half], 250)).toBe(1);
  });

  it('is enough between 0.1 and 0.9 of ln n', () => {
    expect([0.05, 0.1001, 0.5, 0.8999, 0.95].map((share) => isResolved(share * Math.log(250), 250))).toEqual([
      false,
      true,
      true,
      true,
      false,
    ]);
  });
});
