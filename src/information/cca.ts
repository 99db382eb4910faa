/**
 * CCA: mutual information of two jointly Gaussian variables from their canonical correlations,
 * I = −½ Σ ln(1 − ρ_i²) (Hotelling 1936; Kay 1992). For any other pair it is the information of the Gaussian with the same
 * covariance: linear dependence is seen, nothing else is.
 *
 * Bias. Sample correlations are too large. With m = n − 1 degrees of freedom, E ln det of a Wishart matrix is known, so the
 * excess of the estimate is too (Misra, Singh and Demchuk 2005; used for information by Ince et al. 2017):
 *   b = ½ [Σ_{i≤p} ψ((m−i+1)/2) + Σ_{i≤q} ψ((m−i+1)/2) − Σ_{i≤p+q} ψ((m−i+1)/2)],
 * exact for Gaussians; it is subtracted. p and q are ranks: a column that is a linear function of others to within
 * `tolerance` of its own variance is dropped, which changes nothing in the population. n must exceed p + q + 1.
 *
 * Standard error: delta method. The influence of sample i on the value is its own log density ratio under the fitted
 * Gaussian, whatever the true law, so the variance is that of the ratios over n; the χ² law under independence,
 * variance pq / 2n², is added.
 */
import { UserError } from '../base/errors.js';
import { backSolve, cholesky, crossProduct, forwardSolve, logDet, pivotedCholesky, transpose } from './linalg.js';
import { spread } from './resample.js';
import { checkKind, checkPair, oneRowPerSample, prepare, warnFew, warnTails } from './samples.js';
import { digamma } from './special.js';
import type { DirectEstimator, Estimate, EstimateOptions, Samples } from './types.js';

/** Settings of `cca`. */
export interface CcaOptions {
  /** Share of a column's variance that must be its own for the column to count. Default 1e-10. */
  tolerance?: number;
}

/** A share of variance left unexplained below this is rounding: the relation is exact and the information infinite. */
const EXACT = 1e-12;

/** Canonical correlations: unbiased for jointly Gaussian variables, and blind to what is not linear. Needs more samples than both have columns. */
export function cca({ tolerance = 1e-10 }: CcaOptions = {}): DirectEstimator {
  return {
    name: 'cca',
    summary: 'canonical correlations, exact for jointly Gaussian variables, linear dependence only',
    source: 'Kay 1992; bias: Misra, Singh and Demchuk 2005, J. Multivar. Anal. 92',
    estimate: (a, b, options) => estimate(a, b, tolerance, options),
  };
}

function estimate(first: Samples, second: Samples, tolerance: number, options: EstimateOptions): Estimate {
  checkPair('cca', first, second, options);
  for (const s of [first, second]) checkKind('cca', s, 'continuous', '"ross", "gao" or "plugin"');
  const warnings: string[] = [];
  const [a, b] = oneRowPerSample(first, second, options, warnings);
  const n = a.n;
  warnFew(n, warnings);
  const result = {
    estimator: 'cca',
    ceiling: null,
    saturated: false,
    converged: true,
    trainNats: null,
    heldOutNats: null,
    samples: n,
    draws: 1,
    warnings,
  };
  const x = independent(a, 'first', warnings, tolerance);
  const y = independent(b, 'second', warnings, tolerance);
  const p = x.rank;
  const q = y.rank;
  if (p === 0 || q === 0) {
    warnings.push('A variable that never changes carries no information: the value is exactly 0.');
    const details = { rankFirst: p, rankSecond: q };
    return { ...result, nats: 0, standardError: 0, standardErrorMethod: 'exact', details };
  }
  if (n <= p + q + 1)
    throw new UserError(
      `cca: ${p} + ${q} independent columns need more than ${p + q + 1} samples, got ${n}; with fewer, some correlation is always exactly 1`,
    );
  const fit = p >= q ? regress(x, y, n) : regress(y, x, n);
  if (!fit)
    throw new UserError(
      'cca: a linear function of one variable equals one of the other exactly, so the information is infinite; add the noise the variables are supposed to have',
    );
  const bias = gaussianBias(n, p, q);
  if (n < 10 * (p + q))
    warnings.push(
      `${n} samples for ${p} + ${q} independent columns: chance alone makes ${bias.toFixed(2)} nats, which were subtracted; that is right on average for Gaussian variables and a guess for others.`,
    );
  // Σρ̂² exceeds Σρ² by about pq / n; without that, independent variables would count their χ² law three times.
  const variance = Math.max(0, spread(fit.local) ** 2 - (p * q) / n) / n + (p * q) / (2 * n * n);
  return {
    ...result,
    nats: fit.nats - bias,
    standardError: Math.sqrt(variance),
    standardErrorMethod: 'delta method with the χ² term of independence',
    details: { uncorrected: fit.nats, bias, rankFirst: p, rankSecond: q },
  };
}

/** How much −½ Σ ln(1 − ρ̂²) exceeds the truth on average, for Gaussians of p and q dimensions and n samples. */
export function gaussianBias(n: number, p: number, q: number): number {
  const sum = (count: number) => {
    let s = 0;
    for (let i = 1; i <= count; i++) s += digamma((n - i) / 2);
    return s;
  };
  return (sum(p) + sum(q) - sum(p + q)) / 2;
}

/** Linearly independent standardised columns and the lower Cholesky factor of their covariance. */
interface Independent {
  data: Float64Array;
  rank: number;
  factor: Float64Array;
}

function independent(s: Samples, name: string, warnings: string[], tolerance: number): Independent {
  const { data, n, d } = prepare(s, name, warnings);
  const covariance = crossProduct(data, data, n, d, d).map((v) => v / n);
  const { columns, factor } = pivotedCholesky(covariance, d, tolerance);
  const rank = columns.length;
  // n centred rows span at most n − 1 dimensions, so running out of rows is no collinearity of the columns.
  if (rank < Math.min(d, n - 1))
    warnings.push(`${d - rank} of ${d} columns of the ${name} variable are linear functions of the others.`);
  warnTails([{ data, n, d }], 'a covariance follows a few samples, and so does the value', warnings);
  const kept = new Float64Array(n * rank);
  for (let i = 0; i < n; i++) for (let r = 0; r < rank; r++) kept[i * rank + r] = data[i * d + columns[r]];
  return { data: kept, rank, factor };
}

/**
 * −½ Σ ln(1 − ρ²) and each sample's log density ratio, or null where some ρ is 1.
 *
 * With both sides whitened, x̃ = Lx⁻¹x and ỹ = Ly⁻¹y, and K = E[x̃ỹᵀ] whose singular values are the ρ: the value is
 * −½ ln det M, M = I − KᵀK, and the ratio of a sample ½ [|ỹ|² − |M^(−½)(ỹ − Kᵀx̃)|²] plus a constant.
 */
function regress(x: Independent, y: Independent, n: number): { nats: number; local: Float64Array } | null {
  const p = x.rank;
  const q = y.rank;
  const cross = crossProduct(x.data, y.data, n, p, q).map((v) => v / n);
  const byRow = transpose(cross, p, q);
  for (let r = 0; r < q; r++) forwardSolve(x.factor, p, byRow, r);
  const k = transpose(byRow, q, p);
  for (let r = 0; r < p; r++) forwardSolve(y.factor, q, k, r);
  const m = crossProduct(k, k, p, q, q).map((v) => -v);
  for (let r = 0; r < q; r++) m[r * q + r] += 1;
  const root = cholesky(m, q);
  if (!root || root.some((v, i) => i % (q + 1) === 0 && v * v < EXACT)) return null;
  const coefficients = transpose(k, p, q);
  for (let r = 0; r < q; r++) backSolve(x.factor, p, coefficients, r);
  const local = new Float64Array(n);
  const white = Float64Array.from(y.data);
  for (let i = 0; i < n; i++) {
    forwardSolve(y.factor, q, white, i);
    const row = white.subarray(i * q, (i + 1) * q);
    for (const v of row) local[i] += 0.5 * v * v;
    for (let r = 0; r < q; r++) {
      let s = 0;
      for (let c = 0; c < p; c++) s += x.data[i * p + c] * coefficients[r * p + c];
      row[r] -= s;
    }
    forwardSolve(root, q, row);
    for (const v of row) local[i] -= 0.5 * v * v;
  }
  return { nats: -0.5 * logDet(root, q), local };
}
