/**
 * Pairwise bounds: I(X; T) where T = T̄(X) + noise and the noise is Gaussian of known covariance (Kolchinsky and Tracey
 * 2017, "Estimating mixture entropy with pairwise distances"; Kolchinsky, Tracey and Wolpert 2019). T̄ [n, d] → nats.
 *
 * Over n equally likely inputs T is a mixture of n Gaussians, and with D the squared distance of two means in units of the
 * noise, |L⁻¹(t_i − t_j)|² (for a standard deviation σ: |t_i − t_j|² / σ²),
 *   lower = −⟨ln ⟨exp(−D_ij / 8)⟩_j⟩_i   (Chernoff distance at α = ½, Bhattacharyya),
 *   upper = −⟨ln ⟨exp(−D_ij / 2)⟩_j⟩_i   (Kullback–Leibler),
 * the average over j including j = i. Both bound the information about *which of these n inputs* it is, at most ln n. On
 * average over draws of the inputs `lower` bounds the population's information too (entropy is concave); `upper` does so
 * only once n is so large that ln n is far above it.
 *
 * Standard error: delete-a-group jackknife over 25 random groups of samples (Shao and Tu 1995).
 */
import { UserError } from '../base/errors.js';
import { Rng } from '../base/random.js';
import { eachSquaredDistance } from './distances.js';
import { cholesky, forwardSolve } from './linalg.js';
import { checkPair, oneRowPerSample, warnFew } from './samples.js';
import { type DirectEstimator, type Estimate, type EstimateOptions, SATURATION, type Samples } from './types.js';

/** The noise on T: one standard deviation, one per column [d], or a covariance matrix [d, d]. */
export type Noise = { std: number | ArrayLike<number> } | { covariance: Float64Array };

/** Both bounds, each as an estimate. */
export interface PairwiseBounds {
  lower: Estimate;
  upper: Estimate;
}

/** Groups of the jackknife: enough for a steady error, few enough to keep a sum per sample and group. */
const GROUPS = 25;
/** Noise deviations from the average beyond which means lose digits in single precision. */
const FAR = 1e4;

/** Lower and upper bound of I(X; T) in nats. `means` holds T before its noise, one row per input. Throws `UserError` for invalid noise. */
export function pairwiseBounds(means: Samples, noise: Noise, options: EstimateOptions): PairwiseBounds {
  checkPair('pairwise', means, means, options);
  const warnings: string[] = [];
  const [t] = oneRowPerSample(means, means, options, warnings);
  const { n, d } = t;
  const { scaled, largest } = inNoiseUnits(t, noise);
  // sums[i · groups + g]: the kernel between sample i and all samples of group g.
  const groups = Math.min(GROUPS, n);
  const order = new Rng(options.seed, 'information', 'pairwise').permutation(n);
  const group = order.map((at) => at % groups);
  const lowerSums = new Float64Array(n * groups);
  const upperSums = new Float64Array(n * groups);
  for (let i = 0; i < n; i++) {
    lowerSums[i * groups + group[i]] = 1;
    upperSums[i * groups + group[i]] = 1;
  }
  const visit = (i: number, j: number, squared: number) => {
    // exp(−790) is 0 in double precision. Most pairs of a T with well separated inputs end here.
    if (squared > 6320) return;
    const close = Math.exp(-squared / 8);
    const square = close * close;
    const closer = square * square;
    const ij = i * groups + group[j];
    const ji = j * groups + group[i];
    lowerSums[ij] += close;
    lowerSums[ji] += close;
    upperSums[ij] += closer;
    upperSums[ji] += closer;
  };
  if (largest > FAR) eachExactly(scaled, n, d, visit);
  else eachSquaredDistance(Float32Array.from(scaled), n, d, visit);
  warnFew(n, warnings);
  const bound = (name: string, sums: Float64Array) => finish(name, sums, group, n, groups, warnings);
  const lower = bound('pairwise-lower', lowerSums);
  const upper = bound('pairwise-upper', upperSums);
  for (const e of [lower, upper]) e.details = { lower: lower.nats, upper: upper.nats };
  return { lower, upper };
}

/**
 * The bounds as an estimator of pairs (input, T̄). The second variable holds T before its noise. Of the first only the number of rows counts,
 * because each row is an input of its own. The value is the lower bound; the upper bound is in `details`.
 */
export function pairwise({ noiseStd }: { noiseStd: number }): DirectEstimator {
  return {
    name: 'pairwise',
    summary: 'bounds for a representation of known Gaussian noise, from its values before the noise',
    source: 'Kolchinsky and Tracey 2017, Entropy 19(7), 361',
    estimate(a, b, options) {
      checkPair('pairwise', a, b, options);
      const { lower, upper } = pairwiseBounds(b, { std: noiseStd }, options);
      const warnings = [
        ...lower.warnings,
        `The value is a lower bound; the upper bound is ${upper.nats.toFixed(4)} nats. Where earlier layers are noisy too, only the upper one holds for I(X;T).`,
      ];
      return { ...lower, estimator: 'pairwise', warnings };
    },
  };
}

/** Means minus their average, in units of the noise, and their largest magnitude. */
function inNoiseUnits(t: Samples, noise: Noise): { scaled: Float64Array; largest: number } {
  const { n, d } = t;
  const scaled = new Float64Array(n * d);
  for (let c = 0; c < d; c++) {
    let mean = 0;
    for (let i = 0; i < n; i++) mean += t.data[i * d + c] / n;
    for (let i = 0; i < n; i++) scaled[i * d + c] = t.data[i * d + c] - mean;
  }
  if ('covariance' in noise) {
    if (noise.covariance.length !== d * d)
      throw new UserError(
        `pairwise: the noise covariance of ${d} columns has ${d * d} entries, got ${noise.covariance.length}`,
      );
    const factor = cholesky(noise.covariance, d);
    if (!factor) throw new UserError('pairwise: the noise covariance is not positive definite');
    for (let i = 0; i < n; i++) forwardSolve(factor, d, scaled, i);
  } else {
    const std = typeof noise.std === 'number' ? new Float64Array(d).fill(noise.std) : Float64Array.from(noise.std);
    if (std.length !== d)
      throw new UserError(`pairwise: ${d} columns need ${d} noise standard deviations, got ${std.length}`);
    const bad = std.find((v) => !(v > 0 && v < Number.POSITIVE_INFINITY));
    if (bad !== undefined)
      throw new UserError(`pairwise: the noise standard deviation must be positive and finite, got ${bad}`);
    for (let i = 0; i < n * d; i++) scaled[i] /= std[i % d];
  }
  let largest = 0;
  for (const v of scaled) largest = Math.max(largest, Math.abs(v));
  return { scaled, largest };
}

/** A plain loop in double precision, for means too far apart for single precision. An overflow to ∞ is harmless: the kernel is 0 there. */
function eachExactly(
  data: Float64Array,
  n: number,
  d: number,
  visit: (i: number, j: number, squared: number) => void,
): void {
  for (let i = 0; i < n; i++)
    for (let j = i + 1; j < n; j++) {
      let squared = 0;
      for (let c = 0; c < d; c++) squared += (data[i * d + c] - data[j * d + c]) ** 2;
      visit(i, j, squared);
    }
}

/** The estimate −⟨ln⟨kernel⟩⟩ from the kernel sums [n, groups], with a jackknife over groups. Long only because it fills in an `Estimate`. */
function finish(
  name: string,
  sums: Float64Array,
  group: Int32Array,
  n: number,
  groups: number,
  shared: string[],
): Estimate {
  const sizes = new Int32Array(groups);
  for (const g of group) sizes[g]++;
  let nats = 0;
  const without = new Float64Array(groups);
  for (let i = 0; i < n; i++) {
    let total = 0;
    for (let g = 0; g < groups; g++) total += sums[i * groups + g];
    nats -= Math.log(total / n) / n;
    for (let g = 0; g < groups; g++) {
      if (g === group[i]) continue;
      const rest = n - sizes[g];
      // The sample's own term is 1; rounding can make the sum slightly smaller.
      without[g] -= Math.log(Math.max(1, total - sums[i * groups + g]) / rest) / rest;
    }
  }
  let mean = 0;
  for (const v of without) mean += v / groups;
  let square = 0;
  for (const v of without) square += (v - mean) ** 2;
  const ceiling = Math.log(n);
  const saturated = nats >= SATURATION * ceiling;
  const warnings = [...shared];
  if (saturated)
    warnings.push(
      `The ${n} inputs are distinguished almost perfectly: the value is close to its ceiling ln ${n} = ${ceiling.toFixed(2)} nats, and over more inputs the true value may be higher.`,
    );
  return {
    estimator: name,
    nats: Math.max(0, nats),
    standardError: Math.sqrt(((groups - 1) / groups) * square),
    standardErrorMethod: `delete-a-group jackknife, ${groups} groups`,
    ceiling,
    saturated,
    converged: true,
    trainNats: null,
    heldOutNats: null,
    samples: n,
    draws: 1,
    warnings,
    details: {},
  };
}
