/**
 * Resolved information as an estimator of pairs (number of the row, T before its noise), for isotropic noise of known standard
 * deviation in T's own units: nothing is centred, scaled or whitened.
 */
import { UserError } from '../base/errors.js';
import { Rng } from '../base/random.js';
import { addDraws, noDraws, type Resolved, summary } from './resolved.js';
import { checkPair, oneRowPerSample, warnFew } from './samples.js';
import type { DirectEstimator, Estimate, EstimateOptions, Samples } from './types.js';

/** Settings of `resolved`. */
export interface ResolvedOptions {
  /** Standard deviation of the noise on every column of the second variable. */
  noiseStd: number;
  /** Factor by which that noise is magnified. Default 1. */
  kappa?: number;
}

/** Directions of ε in the first batch, each used with both signs; every later batch doubles the total. */
const FIRST = 4;
/** Most random numbers of a later batch: 4 MB of float32. */
const LARGEST = 1 << 20;
/**
 * Draws are added until the standard error is at most this share of the value, or this many nats. Half of what is promised
 * (0.5 %, 0.003 nats), so that the value is within 1 % or 0.01 nats with four standard errors to spare.
 */
const SHARE = 0.0025;
const NATS = 0.0015;

/** Resolved information at one κ. The first variable only numbers the rows. */
export function resolved({ noiseStd, kappa = 1 }: ResolvedOptions): DirectEstimator {
  for (const [name, value] of [
    ['the noise standard deviation', noiseStd],
    ['κ', kappa],
  ] as const)
    if (!(value > 0 && value < Number.POSITIVE_INFINITY))
      throw new UserError(`resolved: ${name} must be positive and finite, got ${value}`);
  return {
    name: 'resolved',
    summary: 'information about which row was sent through a channel of known Gaussian noise',
    source: 'Goldfeld et al. 2019, ICML, arXiv 1810.05728',
    estimate: (a, b, options) => estimateResolved(a, b, noiseStd, kappa, options),
  };
}

function estimateResolved(a: Samples, b: Samples, std: number, kappa: number, options: EstimateOptions): Estimate {
  checkPair('resolved', a, b, options);
  const warnings: string[] = [];
  const [t] = oneRowPerSample(b, b, options, warnings);
  const points = { data: Float64Array.from(t.data, (v) => v / std), n: t.n, d: t.d };
  const rng = new Rng(options.seed, 'information', 'resolved');
  const sums = noDraws([kappa], t.n);
  let found: Resolved;
  do {
    options.signal?.throwIfAborted();
    const batch = Math.max(FIRST, Math.min(sums.directions, Math.floor(LARGEST / (t.n * t.d))));
    addDraws(sums, points, [kappa], rng.normals(batch * t.n * t.d));
    found = summary(sums, [kappa], t.n);
    options.onProgress?.(Math.min(1, (allowed(found) / found.standardError[0]) ** 2), found.nats[0]);
  } while (found.standardError[0] > allowed(found));
  warnFew(t.n, warnings);
  const { ceiling } = found;
  if (found.saturated[0])
    warnings.push(
      `The ${t.n} rows are distinguished almost perfectly: the value is close to its ceiling ln ${t.n} = ${ceiling.toFixed(2)} nats. A larger κ resolves more.`,
    );
  return {
    estimator: 'resolved',
    nats: found.nats[0],
    standardError: found.standardError[0],
    standardErrorMethod: `spread over ${2 * sums.directions} draws of the noise`,
    ceiling,
    saturated: found.saturated[0],
    converged: true,
    trainNats: null,
    heldOutNats: null,
    samples: t.n,
    draws: 1,
    warnings,
    details: { kappa, noiseDraws: 2 * sums.directions },
  };
}

/** The standard error at which no more draws are needed. */
const allowed = ({ nats }: Resolved): number => Math.max(NATS, SHARE * nats[0]);
