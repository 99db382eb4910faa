import { describe, expect, it } from 'vitest';
import { Rng } from '../../src/base/random.js';
import { inverseSpd } from '../../src/information/linalg.js';
import {
  commonIntensity,
  heldOutMeanSquare,
  type NoiseScatter,
  noiseScatter,
  pooled,
  rulerOf,
} from '../../src/information/noise-model.js';
import { gram } from '../../src/information/products.js';
import { resolvedInformation } from '../../src/information/resolved.js';
import {
  type MomentGroup,
  type MomentOptions,
  resolvedAtMoment,
  type Variant,
} from '../../src/information/resolved-moment.js';
import { rowSpace } from '../../src/information/row-space.js';

const [N, D] = [120, 12];

/** The covariance of the full ruler, [d, d]: L·Lᵀ. */
const covarianceOf = (noise: NoiseScatter, alpha: number) =>
  gram(rulerOf(noise, 'full', alpha).factor, noise.d, noise.d);

/** Correlated noise: column c holds a share of a common value, times a scale that grows with c. */
function noiseRow(rng: Rng, scale: number): Float64Array {
  const shared = rng.normal();
  return Float64Array.from({ length: D }, (_, c) => scale * (0.5 + c / D) * (0.6 * shared + 0.8 * rng.normal()));
}

/** Its covariance. */
const truth = Float64Array.from({ length: D * D }, (_, at) => {
  const [i, j] = [Math.floor(at / D), at % D];
  return (0.5 + i / D) * (0.5 + j / D) * (i === j ? 1 : 0.36);
});

function group(id: string, k: number, { spread = 4, scale = 1, clean = true } = {}): MomentGroup {
  const rng = new Rng(3, id);
  const noiseFree = rng.normals(N * D, spread);
  const draws = new Float32Array(k * N * D);
  for (let row = 0; row < k * N; row++) {
    const at = (row % N) * D;
    noiseRow(rng, scale).forEach((v, c) => {
      draws[row * D + c] = noiseFree[at + c] + v;
    });
  }
  return { id, clean, n: N, noiseFree, draws };
}

const base: MomentOptions = { d: D, seed: 1, moment: 20, kappas: [1, 2, 4, 8] };
const value = (groups: MomentGroup[], options: Partial<MomentOptions>, id: string, variant: string) =>
  resolvedAtMoment(groups, { ...base, ...options }).find((v) => v.group === id && v.variant === variant)!;

describe('the noise model', () => {
  it('finds the covariance of correlated noise, whatever the samples are', () => {
    const { all } = noiseScatter(group('a', 40).draws, N, D);
    expect(all.df).toBe(39 * N);
    for (let at = 0; at < D * D; at++) expect(Math.abs(all.sum[at] / all.df - truth[at])).toBeLessThan(0.15);
  });

  it('is the covariance of draws about their means, however the draws are divided', () => {
    const { draws } = group('a', 5);
    const { all } = noiseScatter(draws, N, D);
    let direct = 0;
    for (let i = 0; i < N; i++) {
      const mean = [2, 7].map((c) => [0, 1, 2, 3, 4].reduce((s, a) => s + draws[(a * N + i) * D + c] / 5, 0));
      for (let a = 0; a < 5; a++)
        direct += (draws[(a * N + i) * D + 2] - mean[0]) * (draws[(a * N + i) * D + 7] - mean[1]);
    }
    expect(all.sum[2 * D + 7]).toBeCloseTo(direct, 3);
  });

  it('whitens noise that it was not fitted to: mean square between 0.95 and 1.05 for groups of different noise', () => {
    const groups = [group('a', 8), group('b', 8, { scale: 3 })].map((g) => noiseScatter(g.draws, N, D));
    const intensity = commonIntensity(groups);
    expect(intensity).toBeGreaterThan(0);
    expect(intensity).toBeLessThan(0.1);
    for (const g of groups) {
      const square = heldOutMeanSquare(rulerOf(g, 'full', intensity), g)!;
      expect(square).toBeGreaterThan(0.95);
      expect(square).toBeLessThan(1.05);
    }
    // By the quiet group's ruler the other's noise is nine times as large.
    expect(heldOutMeanSquare(rulerOf(groups[0], 'full', intensity), groups[1])! / 9).toBeCloseTo(1, 1);
  });

  it.each([0, 0.1, 0.3, 0.6])(
    'of few draws and many columns has an inverse of the right size, shrunk by %f',
    (alpha) => {
      // 40 columns with strong correlations, 100 contrasts: S⁻¹ is 1.7 times too large.
      const [d, n, repeats] = [40, 100, 20];
      let total = 0;
      for (let r = 0; r < repeats; r++) {
        const rng = new Rng(r, 'inverse');
        const draws = rng.normals(2 * n * d);
        // Column c gets what column c − 1 has: Σ = L·Lᵀ with 1 and 0.8 beside the diagonal.
        for (let row = 0; row < 2 * n; row++)
          for (let c = d - 1; c > 0; c--) draws[row * d + c] += 0.8 * draws[row * d + c - 1];
        const inverse = inverseSpd(covarianceOf(noiseScatter(draws, n, d), alpha), d);
        const truth = (i: number, j: number) => (i === j ? 1 + (i > 0 ? 0.64 : 0) : Math.abs(i - j) === 1 ? 0.8 : 0);
        for (let i = 0; i < d; i++)
          for (let j = 0; j < d; j++) total += (inverse[i * d + j] * truth(j, i)) / d / repeats;
      }
      expect(Math.abs(total - 1)).toBeLessThan(0.03);
    },
  );

  it('without shrinkage is (df − d − 1)/df times the inverse of the covariance', () => {
    const noise = noiseScatter(group('a', 4).draws, N, D);
    const { all } = noise;
    const covariance = covarianceOf(noise, 0);
    expect(all.sum[5] / all.df / covariance[5]).toBeCloseTo((all.df - D - 1) / all.df, 12);
  });

  it('shrinks noise without correlations to its diagonal', () => {
    const rng = new Rng(5, 'independent');
    const draws = rng.normals(8 * N * D);
    expect(commonIntensity([noiseScatter(draws, N, D)])).toBeGreaterThan(0.5);
  });

  it('of several groups together has all their draws', () => {
    const [a, b] = ['a', 'b'].map((id) => noiseScatter(group(id, 4).draws, N, D));
    const both = pooled([a, b]);
    expect(both.all.df).toBe(2 * 3 * N);
    expect(both.all.sum[3]).toBeCloseTo(a.all.sum[3] + b.all.sum[3], 6);
  });

  it('refuses one draw, and a column without noise', () => {
    const { draws, noiseFree } = group('a', 2);
    expect(() => noiseScatter(draws.subarray(0, N * D), N, D)).toThrow(/at least 2 draws/);
    const same = Float32Array.from({ length: 2 * N * D }, (_, e) => (e % D === 4 ? noiseFree[e % (N * D)] : draws[e]));
    expect(() => noiseScatter(same, N, D)).toThrow(/column 4 has no noise/);
  });
});

describe('resolved information at a moment', () => {
  it('with a covariance from 16 draws is what 200 draws give', () => {
    const g = group('a', 16);
    const found = value([g], {}, 'a', 'own');
    const exact = value([group('a', 200)], {}, 'a', 'own');
    for (let k = 0; k < 4; k++)
      expect(Math.abs(found.nats[k] - exact.nats[k])).toBeLessThan(0.05 * exact.nats[k] + 0.01);
  });

  it('the common ruler reads a noisier group higher than its own noise does, and equal groups alike', () => {
    const groups = [group('a', 8), group('b', 8), group('loud', 8, { scale: 2, clean: false })];
    const at = (id: string, variant: string) => value(groups, {}, id, variant).nats[2];
    expect(at('loud', 'common')).toBeGreaterThan(at('loud', 'own') + 0.5);
    expect(Math.abs(at('a', 'common') - at('a', 'own'))).toBeLessThan(0.1);
  });

  it.each(['draw-means', 'cross-draws'] as const)(
    '%s undoes most of what the noise left in means of draws adds',
    (variant) => {
      const k = 16;
      const g = group('a', k, { spread: 0.7 });
      const means = new Float32Array(N * D);
      g.draws.forEach((v, e) => {
        means[e % (N * D)] += v / k;
      });
      const at = (of: MomentGroup, which: Variant) =>
        value([of], { kappas: [2], variants: [which] }, 'a', which).nats[0];
      const truth = at(g, 'own');
      const uncorrected = at({ ...g, noiseFree: means }, 'own') - truth;
      expect(uncorrected).toBeGreaterThan(0.05);
      expect(Math.abs(at(g, variant) - truth)).toBeLessThan(uncorrected / 3);
    },
  );

  it('the Gaussian model has no ceiling and is ½ ln det for a Gaussian group', () => {
    const g = group('a', 40, { spread: 1000 });
    const { nats, ceiling, saturated } = value([g], { kappas: [1], variants: ['gaussian'] }, 'a', 'gaussian');
    expect(nats[0]).toBeGreaterThan(Math.log(N));
    expect([ceiling, saturated]).toEqual([null, [false]]);
  });

  it('I(T;Ŷ) is that of the logits under their own noise', () => {
    const g = group('a', 8);
    const rng = new Rng(9, 'head');
    const [classes, gamma] = [4, 0.5];
    const weights = rng.normals(classes * D);
    // The last row is the sum of the others: three directions are read.
    for (let c = 0; c < D; c++) weights[3 * D + c] = weights[c] + weights[D + c] + weights[2 * D + c];
    const found = value([g], { head: { weights, classes, gamma }, kappas: [4], draws: 64 }, 'a', 'logits');
    // The same through the first three logits, whitened by γ²W·Wᵀ written out.
    const t = g.draws.subarray(0, N * D);
    const { rank } = rowSpace(weights, classes, D);
    expect(rank).toBe(3);
    const exact = throughLogits(t, weights.subarray(0, 3 * D), gamma, 4);
    expect(Math.abs(found.nats[0] - exact)).toBeLessThan(0.15);
    expect(found.noiseMeanSquare).toBeNull();
  });

  it('refuses a common covariance where no group is clean, and gives the same numbers again for the same seed', () => {
    const g = group('a', 8, { clean: false });
    expect(() => resolvedAtMoment([g], base)).toThrow(/no group is clean/);
    const [one, two] = [0, 1].map(() => value([g], { variants: ['own'] }, 'a', 'own').nats);
    expect(one).toEqual(two);
    expect(value([g], { variants: ['own'], moment: 21 }, 'a', 'own').nats).not.toEqual(one);
  });
});

/** W·t in coordinates orthonormal for W·Wᵀ (Gram–Schmidt on W's rows), over γ, through a channel of noise κ. */
function throughLogits(t: Float32Array, weights: Float32Array, gamma: number, kappa: number): number {
  const rows: number[][] = [];
  for (let r = 0; r < weights.length / D; r++) {
    const row = Array.from(weights.subarray(r * D, (r + 1) * D));
    for (const other of rows) {
      const dot = other.reduce((s, v, c) => s + v * row[c], 0);
      other.forEach((v, c) => {
        row[c] -= dot * v;
      });
    }
    const size = Math.hypot(...row);
    rows.push(row.map((v) => v / size));
  }
  const data = Float64Array.from({ length: N * rows.length }, (_, at) => {
    const i = Math.floor(at / rows.length);
    return rows[at % rows.length].reduce((s, v, c) => s + (v * t[i * D + c]) / gamma, 0);
  });
  const z = new Rng(1, 'logits').normals(64 * N * rows.length);
  return resolvedInformation({ data, n: N, d: rows.length }, [kappa], z).nats[0];
}
