/**
 * The covariance Σ of a network's noise on T, from several noisy passes of the same samples, and coordinates in which that
 * noise is white.
 *
 * The k draws of one sample are turned into k − 1 Helmert contrasts c_a = (t_1 + … + t_a − a·t_{a+1}) / √(a(a+1)): uncorrelated,
 * of covariance Σ, free of the sample itself. Over n samples S = Σ c·cᵀ / df with df = n(k − 1).
 *
 * Estimates of full covariances are shrunk towards their own diagonals, Σ̂ = (1 − α)S + α·diag S, all groups of a moment with
 * one α = Σ_g Σ_{i≠j} Var(r_ij) / Σ_g Σ_{i≠j} r_ij², r the correlations (Ledoit and Wolf 2004; Schäfer and Strimmer 2005, target D):
 * groups shrunk by different amounts would be measured with different rulers.
 *
 * The inverse of an estimated covariance is too large on average: for α = 0 and Gaussian noise E S⁻¹ = Σ⁻¹·df/(df − d − 1). With
 * shrinkage the excess is (1 − α)²(d + 1)/df to second order, and Σ̂⁻¹ is multiplied by 1 − (1 − α)²(d + 1)/df, which is
 * (df − d − 1)/df at α = 0.
 */
import { UserError } from '../base/errors.js';
import { cholesky, crossProduct, forwardSolve, inverseSpd } from './linalg.js';

/** Σ c·cᵀ [d, d] over `df` contrasts. */
export interface Scatter {
  sum: Float64Array;
  df: number;
}

/** What the noise draws of one group, or of several together, say about its covariance. */
export interface NoiseScatter {
  d: number;
  all: Scatter;
  /** The same from the first and from the second half of the draws alone; null with fewer than four draws. */
  halves: [Scatter, Scatter] | null;
  /** Σ_{i≠j} Var(r_ij) and Σ_{i≠j} r_ij². */
  shrinkage: { variance: number; square: number };
}

/** `full`: a whole matrix; `diagonal`: one variance per column; `isotropic`: one variance. */
export type NoiseShape = 'full' | 'diagonal' | 'isotropic';

/** From `draws` [k, n, d], k ≥ 2. Throws `UserError` for fewer draws and for a column without noise. */
export function noiseScatter(draws: ArrayLike<number>, n: number, d: number): NoiseScatter {
  const k = draws.length / (n * d);
  if (!Number.isInteger(k) || k < 2)
    throw new UserError(
      `resolved: a noise covariance needs at least 2 draws of ${n} × ${d}, got ${draws.length} numbers`,
    );
  const half = k >= 4 ? k >> 1 : 0;
  // Contrasts within the first draws, within the others, and of the two means.
  const parts = [contrasts(draws, n, d, 0, half), contrasts(draws, n, d, half, k), between(draws, n, d, half, k)];
  const scatters = parts.map((rows) => ({ sum: crossProduct(rows, rows, rows.length / d, d, d), df: rows.length / d }));
  const all = sumOf(scatters);
  for (let c = 0; c < d; c++)
    if (!(all.sum[c * d + c] > 0)) throw new UserError(`resolved: column ${c} has no noise: all its draws are equal`);
  return {
    d,
    all,
    halves: half > 0 ? [scatters[0], scatters[1]] : null,
    shrinkage: shrinkageSums(parts, all, d),
  };
}

/** Several groups' noise as one: their common covariance. */
export function pooled(groups: readonly NoiseScatter[]): NoiseScatter {
  const halves = groups.every((g) => g.halves)
    ? ([0, 1].map((h) => sumOf(groups.map((g) => g.halves![h]))) as [Scatter, Scatter])
    : null;
  const shrinkage = { variance: 0, square: 0 };
  for (const g of groups) {
    shrinkage.variance += g.shrinkage.variance;
    shrinkage.square += g.shrinkage.square;
  }
  return { d: groups[0].d, all: sumOf(groups.map((g) => g.all)), halves, shrinkage };
}

/** The one shrinkage intensity α of all groups of a moment, 0 … 1. */
export function commonIntensity(groups: readonly NoiseScatter[]): number {
  let variance = 0;
  let square = 0;
  for (const { shrinkage } of groups) {
    variance += shrinkage.variance;
    square += shrinkage.square;
  }
  return square > 0 ? Math.min(1, Math.max(0, variance / square)) : 1;
}

/**
 * The covariance [d, d] whose inverse is the corrected estimate of Σ⁻¹: the shrunk estimate divided by the correction. `null`
 * where there are too few draws for a positive correction.
 */
export function noiseCovariance(
  { sum, df }: Scatter,
  d: number,
  shape: NoiseShape,
  intensity: number,
): Float64Array | null {
  const alpha = shape === 'full' ? intensity : 1;
  const excess = shape === 'full' ? ((1 - alpha) ** 2 * (d + 1)) / df : shape === 'diagonal' ? 2 / df : 2 / (d * df);
  const correction = 1 - excess;
  if (!(correction > 0)) return null;
  let variance = 0;
  for (let c = 0; c < d; c++) variance += sum[c * d + c] / d;
  const out = new Float64Array(d * d);
  for (let i = 0; i < d; i++)
    for (let j = 0; j < d; j++) {
      const at = i * d + j;
      const value = i !== j ? (1 - alpha) * sum[at] : shape === 'isotropic' ? variance : sum[at];
      out[at] = value / (df * correction);
    }
  return out;
}

/**
 * The mean square, per column, of a group's noise whitened by a covariance fitted to other draws: near 1 where the covariance
 * is right. Fitted to one half of the draws behind `fitted`, read on the other half of `group`'s, and the other way round;
 * null where there are too few draws.
 */
export function heldOutMeanSquare(
  fitted: NoiseScatter,
  group: NoiseScatter,
  shape: NoiseShape,
  intensity: number,
): number | null {
  if (!fitted.halves || !group.halves) return null;
  const { d } = group;
  let total = 0;
  for (const h of [0, 1]) {
    const covariance = noiseCovariance(fitted.halves[h], d, shape, intensity);
    if (!covariance) return null;
    const inverse = inverseSpd(covariance, d);
    const { sum, df } = group.halves[1 - h];
    // tr(Σ̂⁻¹·S) / d, S from the other draws.
    for (let at = 0; at < d * d; at++) total += (inverse[at] * sum[at]) / (2 * df * d);
  }
  return total;
}

/** Rows [n, d] in coordinates in which noise of that covariance is white: L⁻¹t, Σ = L·Lᵀ. */
export function whitened(rows: ArrayLike<number>, d: number, covariance: Float64Array): Float64Array {
  const factor = cholesky(covariance, d);
  if (!factor) throw new UserError('resolved: the noise covariance is not positive definite; record more draws');
  const out = Float64Array.from(rows);
  for (let i = 0; i < out.length / d; i++) forwardSolve(factor, d, out, i);
  return out;
}

/** Helmert contrasts of draws from … to−1, [(to − from − 1)·n, d]. */
function contrasts(draws: ArrayLike<number>, n: number, d: number, from: number, to: number): Float64Array {
  const size = n * d;
  const out = new Float64Array(Math.max(0, to - from - 1) * size);
  const sum = new Float64Array(size);
  for (let a = 1; a < to - from; a++) {
    const [before, next, at] = [(from + a - 1) * size, (from + a) * size, (a - 1) * size];
    const scale = 1 / Math.sqrt(a * (a + 1));
    for (let e = 0; e < size; e++) {
      sum[e] += draws[before + e];
      out[at + e] = (sum[e] - a * draws[next + e]) * scale;
    }
  }
  return out;
}

/** The contrast of the means of draws 0 … half−1 and half … k−1, scaled to the covariance of one draw, [n, d]. */
function between(draws: ArrayLike<number>, n: number, d: number, half: number, k: number): Float64Array {
  if (half === 0) return new Float64Array(0);
  const out = new Float64Array(n * d);
  const scale = Math.sqrt((half * (k - half)) / k);
  for (let a = 0; a < k; a++) {
    const weight = a < half ? scale / half : -scale / (k - half);
    for (let e = 0; e < n * d; e++) out[e] += weight * draws[a * n * d + e];
  }
  return out;
}

function sumOf(scatters: readonly Scatter[]): Scatter {
  const sum = new Float64Array(scatters[0].sum.length);
  let df = 0;
  for (const s of scatters) {
    df += s.df;
    for (let at = 0; at < sum.length; at++) sum[at] += s.sum[at];
  }
  return { sum, df };
}

/**
 * With x the contrasts divided by their columns' root mean squares, r = ⟨x·xᵀ⟩: Σ_{i≠j} r_ij², and of the entries' variances
 * Σ_{i≠j} Var(r_ij) ≈ Σ_{i≠j} (⟨x_i²x_j²⟩ − r_ij²) / df, the first part of which is ⟨|x|⁴ − Σ_i x_i⁴⟩ / df.
 */
function shrinkageSums(parts: readonly Float64Array[], { sum, df }: Scatter, d: number) {
  const scale = Float64Array.from({ length: d }, (_, c) => df / sum[c * d + c]);
  let fourth = 0;
  for (const rows of parts)
    for (let at = 0; at < rows.length; at += d) {
      let squares = 0;
      let fourths = 0;
      for (let c = 0; c < d; c++) {
        const x = rows[at + c] ** 2 * scale[c];
        squares += x;
        fourths += x * x;
      }
      fourth += (squares * squares - fourths) / df;
    }
  let square = 0;
  for (let i = 0; i < d; i++)
    for (let j = 0; j < d; j++) if (i !== j) square += sum[i * d + j] ** 2 / (sum[i * d + i] * sum[j * d + j]);
  return { variance: Math.max(0, fourth - square) / df, square };
}
