/**
 * Plug-in: mutual information of two discrete variables from their table of counts, with the Miller–Madow correction.
 *
 * Î = Σ p_ab ln(p_ab / (p_a p_b)) is too high by (K_ab − K_a − K_b + 1) / 2n to first order, with K the numbers of occupied cells (Miller 1955,
 * Madow: the sum of the entropies' biases (K − 1) / 2n). This bias is subtracted unless `correction` is 'none', which is right for an
 * exact table, such as one of expected counts.
 *
 * Standard error: delta method, the variance of ln(p_ab / (p_a p_b)) over n (Roulston 1999), plus that of the χ² law Î
 * follows where the variables are independent and the first term vanishes, (K_a − 1)(K_b − 1) / 2n².
 */
import { categories, checkKind, checkPair, entropy, oneRowPerSample, warnFew } from './samples.js';
import { type DirectEstimator, type Estimate, type EstimateOptions, SATURATION, type Samples } from './types.js';

/** Settings of `plugin`. */
export interface PluginOptions {
  /** Bias correction. Default `miller-madow`. */
  correction?: 'miller-madow' | 'none';
}

/** The plug-in estimator: the table of counts of two discrete variables, with the Miller–Madow correction by default. */
export function plugin({ correction = 'miller-madow' }: PluginOptions = {}): DirectEstimator {
  return {
    name: 'plugin',
    summary: `table of counts (${correction === 'none' ? 'uncorrected' : 'Miller–Madow'}), two discrete variables`,
    source: 'Miller 1955; standard error: Roulston 1999, Physica D 125',
    estimate: (a, b, options) => estimate(a, b, correction, options),
  };
}

/** Mutual information in nats of a table of counts or probabilities [rows, columns], row-major. */
export function tableInformation(table: ArrayLike<number>, rows: number, columns: number): number {
  const p = new Float64Array(rows);
  const q = new Float64Array(columns);
  let total = 0;
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < columns; j++) {
      const v = table[i * columns + j];
      p[i] += v;
      q[j] += v;
      total += v;
    }
  let nats = 0;
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < columns; j++) {
      const v = table[i * columns + j];
      if (v > 0) nats += (v / total) * Math.log((v / p[i]) * (total / q[j]));
    }
  return nats;
}

function estimate(
  first: Samples,
  second: Samples,
  correction: 'miller-madow' | 'none',
  options: EstimateOptions,
): Estimate {
  checkPair('plugin', first, second, options);
  for (const s of [first, second]) checkKind('plugin', s, 'discrete', '"ksg", "ross" or "gao"');
  const warnings: string[] = [];
  const [a, b] = oneRowPerSample(first, second, options, warnings);
  const n = a.n;
  const x = categories(a);
  const y = categories(b);
  const pairs = new Map<number, number>();
  for (let i = 0; i < n; i++) {
    const cell = x.codes[i] * y.levels + y.codes[i];
    pairs.set(cell, (pairs.get(cell) ?? 0) + 1);
  }
  let raw = 0;
  let square = 0;
  for (const [cell, count] of pairs) {
    const inA = x.counts[Math.floor(cell / y.levels)];
    const local = Math.log((count / inA) * (n / y.counts[cell % y.levels]));
    raw += (count / n) * local;
    square += (count / n) * local * local;
  }
  const bias = (pairs.size - x.levels - y.levels + 1) / (2 * n);
  const freedom = (x.levels - 1) * (y.levels - 1);
  const nats = correction === 'none' ? raw : raw - bias;
  const ceiling = Math.log(n);
  const saturated = nats >= SATURATION * ceiling;
  warnFew(n, warnings);
  if (Math.min(x.levels, y.levels) === 1)
    warnings.push('A variable with a single category carries no information: the value is exactly 0.');
  if (pairs.size > n / 5)
    warnings.push(
      `${pairs.size} different pairs in ${n} samples: most cells are too thin (under five samples on average), and the value is too high.`,
    );
  return {
    estimator: 'plugin',
    nats,
    // Chance adds about freedom / n to the variance of the log-ratio; without that, independent variables would count
    // their χ² law three times.
    standardError: Math.sqrt(Math.max(0, square - raw * raw - freedom / n) / n + freedom / (2 * n * n)),
    standardErrorMethod: 'delta method with the χ² term of independence (Roulston 1999)',
    ceiling,
    saturated,
    converged: true,
    trainNats: null,
    heldOutNats: null,
    samples: n,
    draws: 1,
    warnings,
    details: { uncorrected: raw, bias, entropyFirst: entropy(x.counts), entropySecond: entropy(y.counts) },
  };
}
