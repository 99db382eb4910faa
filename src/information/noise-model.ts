/**
 * The covariance Σ of a network's noise on T, estimated from several noisy passes of the same samples, and coordinates in which the noise is
 * white.
 *
 * The k draws of one sample are turned into k − 1 Helmert contrasts c_a = (t_1 + … + t_a − a·t_{a+1}) / √(a(a+1)): uncorrelated,
 * of covariance Σ, free of the sample itself. Over n samples S = Σ c·cᵀ / df with df = n(k − 1).
 *
 * Estimates of full covariances are shrunk towards their own diagonals, Σ̂ = (1 − α)S + α·diag S, all groups of a moment with
 * one α = Σ_g Σ_{i≠j} Var(r_ij) / Σ_g Σ_{i≠j} r_ij², r the correlations (Ledoit and Wolf 2004; Schäfer and Strimmer 2005, target D). With
 * different α, the values of the groups would not be comparable.
 *
 * The inverse of an estimated covariance is too large on average: for α = 0 and Gaussian noise E S⁻¹ = Σ⁻¹·df/(df − d − 1). With
 * shrinkage, in units of the columns' standard deviations, Σ̂ = (1 − α)(R + ρ·1), ρ = α/(1 − α), and for γ = d/df and
 * m = tr (R + ρ·1)⁻¹/d, which is known, the trace of Σ(R + ρ·1)⁻¹ is d/γ·(1/(1 − γ + γρm) − 1) (Ledoit and Péché 2011, from the
 * Marchenko–Pastur equation). Σ̂⁻¹ is divided by what that gives; with γ = (d + 1)/df it is df/(df − d − 1) at α = 0.
 */
import { UserError } from '../base/errors.js';
import { cholesky, forwardSolve, innerProducts, inverseColumns, transpose } from './linalg.js';
import { gram } from './products.js';

/** Σ c·cᵀ [d, d] over `df` contrasts. */
export interface Scatter {
  sum: Float64Array;
  df: number;
}

/** The noise of one group or of several groups together: sums from which its covariance is estimated. */
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
  const parts = [contrasts(draws, n, d, half, k)];
  if (half > 0) parts.unshift(contrasts(draws, n, d, 0, half));
  if (half > 0) parts.push(between(draws, n, d, half, k));
  return scatterOf(parts, d, half > 0);
}

/**
 * The noise of one noisy pass [n, d] about the same samples without noise [n, d]. Throws `UserError` for a column without noise.
 */
export function noiseAbout(noiseFree: ArrayLike<number>, noisy: ArrayLike<number>, n: number, d: number): NoiseScatter {
  const rows = Float64Array.from({ length: n * d }, (_, e) => noisy[e] - noiseFree[e]);
  return scatterOf([rows], d, false);
}

/** From rows of noise in parts; `halved`: the first two are those of the first and of the second half of the draws. */
function scatterOf(parts: Float64Array[], d: number, halved: boolean): NoiseScatter {
  const scatters = parts.map((rows) => {
    const df = rows.length / d;
    return { sum: gram(transpose(rows, df, d), d, df), df };
  });
  const all = sumOf(scatters);
  for (let c = 0; c < d; c++)
    if (!(all.sum[c * d + c] > 0)) throw new UserError(`resolved: column ${c} has no noise: all its draws are equal`);
  const halves: NoiseScatter['halves'] = halved ? [scatters[0], scatters[1]] : null;
  return { d, all, halves, shrinkage: shrinkageSums(parts, all, d) };
}

/** The noise of several groups together, for their common covariance. */
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

/** A covariance whose inverse is the corrected estimate of Σ⁻¹: the shrunk estimate times the excess of its inverse. */
interface Fit {
  /** The covariance is scale_i·scale_j·r_ij, r the shrunk correlations. */
  scale: Float64Array;
  /** Lower Cholesky factor of r, and the columns of its inverse (`inverseColumns`). */
  factor: Float64Array;
  columns: Float64Array;
}

/** `null` where there are too few draws for a positive correction. */
function fitted({ sum, df }: Scatter, d: number, shape: NoiseShape, intensity: number): Fit | null {
  const alpha = shape === 'full' ? intensity : 1;
  if (alpha === 0 && d + 1 >= df) return null;
  const correlations = new Float64Array(d * d);
  for (let i = 0; i < d; i++)
    for (let j = 0; j < d; j++)
      correlations[i * d + j] =
        i === j ? 1 : ((1 - alpha) * sum[i * d + j]) / Math.sqrt(sum[i * d + i] * sum[j * d + j]);
  const factor = cholesky(correlations, d);
  if (!factor) return null;
  const columns = inverseColumns(factor, d);
  const correction =
    alpha < 1 ? excessOfInverse(columns, df, d, alpha) : 1 / (1 - (shape === 'isotropic' ? 2 / d : 2) / df);
  if (!(correction > 0)) return null;
  let mean = 0;
  for (let c = 0; c < d; c++) mean += sum[c * d + c] / d;
  const scale = Float64Array.from({ length: d }, (_, c) =>
    Math.sqrt(((shape === 'isotropic' ? mean : sum[c * d + c]) * correction) / df),
  );
  return { scale, factor, columns };
}

/** matrix [d, d] with row i times `rows[i]` and column j times `columns[j]`. */
function scaled(matrix: Float64Array, d: number, rows: Float64Array, columns: Float64Array): Float64Array {
  const out = new Float64Array(d * d);
  for (let i = 0; i < d; i++) for (let j = 0; j < d; j++) out[i * d + j] = matrix[i * d + j] * rows[i] * columns[j];
  return out;
}

/** E tr(ΣΣ̂⁻¹)/d of a shrunk covariance: how much too large its inverse is; NaN where it is not known. `columns`: of the inverse factor of its correlations. */
function excessOfInverse(columns: Float64Array, df: number, d: number, alpha: number): number {
  const gamma = (d + 1) / df;
  let trace = 0;
  for (const v of columns) trace += v * v;
  // ρm = α/(1 − α) · (1 − α)·tr/d.
  const rest = 1 - gamma + (gamma * alpha * trace) / d;
  return rest > 0 ? (1 / rest - 1) / (gamma * (1 - alpha)) : Number.NaN;
}

/** A fitted covariance, ready for use on many rows and many groups. */
export interface Ruler {
  d: number;
  /** Lower Cholesky factor of Σ. */
  factor: Float64Array;
  /** Σ⁻¹ fitted to the first and to the second half of the draws alone; null with fewer than four draws, or too few for `d`. */
  halves: [Float64Array, Float64Array] | null;
}

/** The ruler from the noise of a group. Throws `UserError` if there are too few draws for a covariance of that shape. */
export function rulerOf({ d, all, halves }: NoiseScatter, shape: NoiseShape, intensity: number): Ruler {
  const whole = fitted(all, d, shape, intensity);
  if (!whole) throw new UserError(`resolved: ${all.df} rows of noise are too few for ${d} columns; record more draws`);
  const factor = scaled(whole.factor, d, whole.scale, new Float64Array(d).fill(1));
  const inverses = halves?.map((half) => {
    const found = fitted(half, d, shape, intensity);
    if (!found) return null;
    const inverse = found.scale.map((v) => 1 / v);
    return scaled(innerProducts(found.columns, d), d, inverse, inverse);
  });
  const both = inverses?.every((inverse) => inverse !== null);
  return { d, factor, halves: both ? (inverses as [Float64Array, Float64Array]) : null };
}

/**
 * The mean square, per column, of a group's noise in units of a ruler fitted to other draws: near 1 where its covariance is
 * right. Fitted to one half of the draws, read on the other half of the group's, and the other way round; null where there are
 * too few draws.
 */
export function heldOutMeanSquare({ d, halves }: Ruler, group: NoiseScatter): number | null {
  if (!halves || !group.halves) return null;
  let total = 0;
  for (const h of [0, 1]) {
    const { sum, df } = group.halves[1 - h];
    // tr(Σ̂⁻¹·S) / d, S from the other draws.
    for (let at = 0; at < d * d; at++) total += (halves[h][at] * sum[at]) / (2 * df * d);
  }
  return total;
}

/** Rows [n, d] in coordinates in which noise of covariance L·Lᵀ is white: L⁻¹t. */
export function whitened(rows: ArrayLike<number>, factor: Float64Array, d: number): Float64Array {
  const out = Float64Array.from(rows);
  for (let i = 0; i < out.length / d; i++) forwardSolve(factor, d, out, i);
  return out;
}

/** Helmert contrasts of draws from … to−1, [(to − from − 1)·n, d]. */
function contrasts(draws: ArrayLike<number>, n: number, d: number, from: number, to: number): Float64Array {
  const size = n * d;
  const out = new Float64Array((to - from - 1) * size);
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
