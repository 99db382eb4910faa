/**
 * Resolved information of all groups at one moment of training: I(X;T) under each noise model asked for, and I(T;Ŷ).
 *
 * Variants of I(X;T), all over the same draws of ε:
 *   own          T̄ in units of the group's own noise covariance: what its samples suffer.
 *   common       in units of the clean groups' pooled covariance: one ruler for all groups.
 *   diagonal     in units of the group's own variances per column.
 *   isotropic    in units of the group's own mean variance.
 *   draw-means   own covariance; the means m of k draws stand for T̄, whose squared distances are |m_i − m_j|² − 2·tr Σ/k,
 *                tr Σ = d in units of the noise.
 *   cross-draws  own covariance; squared distances from products of different draws a ≠ b, ⟨(t_i^a − t_j^a)·(t_i^b − t_j^b)⟩,
 *                which hold no noise on average, whatever Σ is.
 *   gaussian     ½ ln det(1 + Σ⁻¹ Cov t̄ / κ²), own covariance: no ceiling, no draws of ε, leans on a Gaussian T̄.
 */
import { UserError } from '../base/errors.js';
import { Rng } from '../base/random.js';
import { crossProduct, logDetSpd } from './linalg.js';
import {
  commonIntensity,
  heldOutMeanSquare,
  type NoiseShape,
  noiseScatter,
  pooled,
  type Ruler,
  rulerOf,
  whitened,
} from './noise-model.js';
import { gram } from './products.js';
import { KAPPAS } from './resolution.js';
import { addDraws, centred, noDraws, type Resolved, resolvedInformation, summary } from './resolved.js';
import { rowSpace } from './row-space.js';

/** One group's samples at one moment. */
export interface MomentGroup {
  id: string;
  /** Whether its noise enters the common covariance. */
  clean: boolean;
  /** Samples. */
  n: number;
  /** T̄: the pass without noise, [n, d]. */
  noiseFree: ArrayLike<number>;
  /** T of k noisy passes, [k, n, d]. */
  draws: Float32Array;
}

/** The last layer: logits = W·(T + γ·noise) + b. */
export interface Head {
  /** W [classes, d]. */
  weights: ArrayLike<number>;
  classes: number;
  /** Standard deviation of the noise on the pooled features, above 0. */
  gamma: number;
}

export type Variant = 'own' | 'common' | 'diagonal' | 'isotropic' | 'draw-means' | 'cross-draws' | 'gaussian';

export interface MomentOptions {
  /** Columns of T. */
  d: number;
  seed: number;
  /** Which moment: two moments draw different ε. */
  moment: string | number;
  /** Absent: no I(T;Ŷ). */
  head?: Head;
  /** Default own and common. */
  variants?: readonly Variant[];
  /** Default 1, √2, … 32. */
  kappas?: readonly number[];
  /** Draws of ε per group, an even number; default 8. */
  draws?: number;
}

/** One quantity of one group, at each κ. */
export interface MomentValue extends Omit<Resolved, 'ceiling'> {
  group: string;
  quantity: 'I(X;T)' | 'I(T;Ŷ)';
  /** For I(T;Ŷ), whose noise is known: `logits`. */
  variant: Variant | 'logits';
  /** ln n; null for `gaussian`. */
  ceiling: number | null;
  /**
   * Mean square of the group's whitened noise on draws to which the covariance was not fitted: 1 where the model is right. Null
   * with fewer than four draws, and where the noise is known.
   */
  noiseMeanSquare: number | null;
}

type Value = Omit<MomentValue, 'group' | 'quantity' | 'variant' | 'noiseMeanSquare'>;

/** T of one group in k draws [k, n, d], or in one pass [1, n, d]. */
interface Passes {
  data: ArrayLike<number>;
  n: number;
  d: number;
}

/**
 * Every variant of every group, and I(T;Ŷ) of every group where the head is given, in the order of the groups. Throws `UserError`
 * for fewer than two draws, for columns without noise, for too few draws to correct a full covariance, and where the common
 * covariance is asked for and no group is clean.
 */
export function resolvedAtMoment(groups: readonly MomentGroup[], options: MomentOptions): MomentValue[] {
  const { d, head, variants = ['own', 'common'], kappas = KAPPAS } = options;
  const noise = groups.map((g) => noiseScatter(g.draws, g.n, d));
  const intensity = commonIntensity(noise);
  const clean = noise.filter((_, g) => groups[g].clean);
  if (variants.includes('common') && clean.length === 0)
    throw new UserError('resolved: the common covariance is that of the clean groups, and no group is clean');
  const common = variants.includes('common') ? rulerOf(pooled(clean), 'full', intensity) : null;
  const basis = head && rowSpace(head.weights, head.classes, d);
  const directions = Math.max(2, Math.ceil((options.draws ?? 8) / 2));
  const z = sharedDirections(options, directions);
  const values: MomentValue[] = [];
  groups.forEach((group, g) => {
    const { id, n, noiseFree, draws } = group;
    const rulers: Partial<Record<NoiseShape, Ruler>> = {};
    for (const variant of variants) {
      const shape = variant === 'diagonal' || variant === 'isotropic' ? variant : 'full';
      if (variant !== 'common') rulers[shape] ??= rulerOf(noise[g], shape, intensity);
      const ruler = variant === 'common' ? common! : rulers[shape]!;
      const passes = variant === 'draw-means' || variant === 'cross-draws' ? draws : noiseFree;
      const white = { data: whitened(passes, ruler.factor, d), n, d };
      const value = variantValue(variant, white, kappas, z(n));
      const noiseMeanSquare = heldOutMeanSquare(ruler, noise[g]);
      values.push({ group: id, quantity: 'I(X;T)', variant, ...value, noiseMeanSquare });
    }
    if (!head || !basis) return;
    const points = projected({ data: draws, n, d }, basis, head.gamma);
    const value = averagedOverDraws(points, kappas, directions, new Rng(options.seed, 'resolved', options.moment, id));
    values.push({ group: id, quantity: 'I(T;Ŷ)', variant: 'logits', ...value, noiseMeanSquare: null });
  });
  return values;
}

/** Directions of ε for groups of n samples. All groups of a moment share them, which steadies the differences of groups. */
function sharedDirections({ seed, moment, d }: MomentOptions, directions: number): (n: number) => Float32Array {
  const drawn = new Map<number, Float32Array>();
  return (n) => {
    const z = drawn.get(n) ?? new Rng(seed, 'resolved', moment).normals(directions * n * d);
    drawn.set(n, z);
    return z;
  };
}

/** One variant of I(X;T) from passes in units of the noise. */
function variantValue(variant: Variant, passes: Passes, kappas: readonly number[], z: ArrayLike<number>): Value {
  const { data, n, d } = passes;
  if (variant === 'gaussian') return gaussian(passes, kappas);
  if (variant !== 'draw-means' && variant !== 'cross-draws')
    return resolvedInformation({ data: data as Float64Array, n, d }, kappas, z);
  const k = data.length / (n * d);
  const { means, residuals } = meanAndResiduals(passes);
  const squared = squaredDistances(means, n, d);
  if (variant === 'draw-means') for (let at = 0; at < n * n; at++) squared[at] -= (2 * d) / k;
  else {
    // ⟨Δ^a·Δ^b⟩ over a ≠ b, Δ = t_i − t_j, is |⟨Δ⟩|² − Σ_a |Δ^a − ⟨Δ⟩|² / k(k − 1).
    const excess = squaredDistances(residuals, n, k * d);
    for (let at = 0; at < n * n; at++) squared[at] -= excess[at] / (k * (k - 1));
  }
  return resolvedInformation({ data: means, n, d }, kappas, z, squared);
}

/** Mean of the draws of each sample, [n, d], and the draws about it, [n, k·d]. */
function meanAndResiduals({ data, n, d }: Passes): { means: Float64Array; residuals: Float64Array } {
  const k = data.length / (n * d);
  const means = new Float64Array(n * d);
  for (let e = 0; e < data.length; e++) means[e % (n * d)] += data[e] / k;
  const residuals = new Float64Array(data.length);
  for (let a = 0; a < k; a++)
    for (let i = 0; i < n; i++)
      for (let c = 0; c < d; c++) residuals[(i * k + a) * d + c] = data[(a * n + i) * d + c] - means[i * d + c];
  return { means, residuals };
}

/** |a_i − a_j|² of all pairs of rows [n, d], [n, n]. */
function squaredDistances(rows: Float64Array, n: number, d: number): Float64Array {
  const products = gram(rows, n, d);
  const out = new Float64Array(n * n);
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++) out[i * n + j] = products[i * n + i] + products[j * n + j] - 2 * products[i * n + j];
  return out;
}

/** ½ ln det(1 + C/κ²), C the covariance of points in units of the noise. */
function gaussian({ data, n, d }: Passes, kappas: readonly number[]): Value {
  const rows = centred(data, n, d);
  const covariance = crossProduct(rows, rows, n, d, d);
  const nats = Float64Array.from(kappas, (kappa) => {
    const sum = covariance.map((v) => v / ((n - 1) * kappa * kappa));
    for (let c = 0; c < d; c++) sum[c * d + c] += 1;
    return logDetSpd(sum, d) / 2;
  });
  const standardError = new Float64Array(kappas.length);
  return { kappas, nats, standardError, ceiling: null, saturated: kappas.map(() => false), pointwise: [] };
}

/** V_rᵀt/γ of every draw, [k, n, rank]. */
function projected(
  { data, n, d }: Passes,
  { basis, rank }: { basis: Float64Array; rank: number },
  gamma: number,
): Passes & { data: Float64Array } {
  const out = new Float64Array((data.length / d) * rank);
  for (let row = 0; row < data.length / d; row++)
    for (let r = 0; r < rank; r++) {
      let s = 0;
      for (let c = 0; c < d; c++) s += basis[r * d + c] * data[row * d + c];
      out[row * rank + r] = s / gamma;
    }
  return { data: out, n, d: rank };
}

/**
 * Resolved information of the points of each draw, averaged over draws, with at least `directions` directions of ε in all. The
 * standard error holds the spread over the draws of T as well.
 */
function averagedOverDraws(
  { data, n, d }: Passes & { data: Float64Array },
  kappas: readonly number[],
  directions: number,
  rng: Rng,
): Value {
  const draws = data.length / (n * d);
  const sums = noDraws(kappas, n);
  for (let a = 0; a < draws; a++) {
    const points = { data: data.subarray(a * n * d, (a + 1) * n * d), n, d };
    addDraws(sums, points, kappas, rng.normals(Math.ceil(directions / draws) * n * d));
  }
  return summary(sums, kappas, n);
}
