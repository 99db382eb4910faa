/** Checks on a pair of variables, and the forms on which the estimators work. After `checkPair` no value is NaN or infinite. */
import { UserError } from '../base/errors.js';
import { MINIMUM_GROUP } from '../dynamics/group-id.js';
import { normalQuantile } from './special.js';
import type { EstimateOptions, Samples } from './types.js';

/** Wraps numbers as `Samples` [n, d], row-major; one column by default. `discrete`: rows name categories. */
export function samples(values: ArrayLike<number>, d = 1, discrete = false): Samples {
  const data =
    values instanceof Float32Array || values instanceof Float64Array ? values : Float64Array.from(Array.from(values));
  return { data, n: data.length / d, d, discrete };
}

/** Throws `UserError` for a pair that no estimator can handle: shapes that do not match, NaN, infinity, a missing seed. */
export function checkPair(estimator: string, a: Samples, b: Samples, options: EstimateOptions): void {
  if (typeof options?.seed !== 'number')
    throw new UserError(`${estimator}: its options need a seed, such as { seed: 0 }`);
  for (const [name, s] of [
    ['first', a],
    ['second', b],
  ] as const) {
    if (!Number.isInteger(s.n) || !Number.isInteger(s.d) || s.d < 1 || s.data.length !== s.n * s.d)
      throw new UserError(
        `${estimator}: the ${name} variable says ${s.n} rows of ${s.d} columns but holds ${s.data.length} numbers`,
      );
    const bad = s.data.findIndex((v) => !Number.isFinite(v));
    if (bad >= 0)
      throw new UserError(
        `${estimator}: row ${Math.floor(bad / s.d)}, column ${bad % s.d} of the ${name} variable is ${s.data[bad]}; remove such rows first`,
      );
  }
  if (a.n !== b.n) throw new UserError(`${estimator}: rows must come in pairs, got ${a.n} and ${b.n}`);
  if (a.n < 2) throw new UserError(`${estimator}: needs at least 2 samples, got ${a.n}`);
  if (options.owner && options.owner.length !== a.n)
    throw new UserError(`${estimator}: owner has ${options.owner.length} entries for ${a.n} rows`);
}

/** Throws `UserError` for a variable of the wrong kind; the message names the estimators for it. */
export function checkKind(estimator: string, got: Samples, want: 'continuous' | 'discrete', instead: string): void {
  if (got.discrete !== (want === 'discrete'))
    throw new UserError(
      `${estimator} works on ${want} variables, got a ${want === 'discrete' ? 'continuous' : 'discrete'} one; use ${instead}`,
    );
}

/**
 * The pair with one row per sample: the first noise draw of each. Draws of one sample are each other's nearest neighbours and would
 * count as independent evidence.
 */
export function oneRowPerSample(
  a: Samples,
  b: Samples,
  options: EstimateOptions,
  warnings: string[],
): [Samples, Samples] {
  if (!options.owner) return [a, b];
  const first = new Map<number, number>();
  options.owner.forEach((owner, row) => {
    if (!first.has(owner)) first.set(owner, row);
  });
  if (first.size === a.n) return [a, b];
  warnings.push('Several noise draws of a sample were given; only the first of each was used.');
  const rows = Int32Array.from(first.values());
  return [rowsOf(a, rows), rowsOf(b, rows)];
}

/** The given rows of a variable. */
export function rowsOf(s: Samples, rows: Int32Array): Samples {
  const data = new Float64Array(rows.length * s.d);
  rows.forEach((row, i) => {
    data.set(s.data.subarray(row * s.d, (row + 1) * s.d), i * s.d);
  });
  return { data, n: rows.length, d: s.d, discrete: s.discrete };
}

/** A continuous variable [n, d] without constant columns. */
export interface Columns {
  data: Float64Array;
  n: number;
  d: number;
}

/**
 * Standardises each column to mean 0 and variance 1, unless `scale` is false. Constant columns are removed, with a warning. Every column
 * is first divided by its largest magnitude, so that values near the limits of the float range neither overflow nor underflow.
 */
export function prepare(s: Samples, name: string, warnings: string[], scale = true): Columns {
  const { n, d, data } = s;
  const kept: { column: number; mean: number; magnitude: number; std: number }[] = [];
  for (let c = 0; c < d; c++) {
    let magnitude = 0;
    let low = Number.POSITIVE_INFINITY;
    let high = Number.NEGATIVE_INFINITY;
    for (let i = c; i < n * d; i += d) {
      const v = data[i];
      magnitude = Math.max(magnitude, Math.abs(v));
      if (v < low) low = v;
      if (v > high) high = v;
    }
    if (!(high > low)) continue;
    let mean = 0;
    for (let i = c; i < n * d; i += d) mean += data[i] / magnitude / n;
    let square = 0;
    for (let i = c; i < n * d; i += d) square += (data[i] / magnitude - mean) ** 2 / n;
    kept.push({ column: c, mean, magnitude, std: Math.sqrt(square) });
  }
  if (kept.length < d) {
    const count = d - kept.length;
    warnings.push(`${count} of ${d} columns of the ${name} variable never change and were removed.`);
  }
  const width = kept.length;
  const out = new Float64Array(n * width);
  kept.forEach(({ column, mean, magnitude, std }, to) => {
    for (let i = 0; i < n; i++) {
      const v = data[i * d + column];
      out[i * width + to] = scale ? (v / magnitude - mean) / std : v;
    }
  });
  return { data: out, n, d: width };
}

/** Kurtosis above which a column counts as heavy-tailed; a normal column has 3, a Laplace column 6. */
const HEAVY = 5;

/**
 * Replaces heavy-tailed columns by the normal scores of their ranks, Φ⁻¹((r − ½) / n), with the mean rank for equal values. This is a
 * strictly increasing function of the column and changes no information. Without it a few extreme samples dominate a critic, or are
 * clipped. A warning states the number of such columns.
 */
export function withoutHeavyTails({ data, n, d }: Columns, name: string, warnings: string[]): Columns {
  const out = data.slice();
  let heavy = 0;
  for (let c = 0; c < d; c++) {
    const column = Float64Array.from({ length: n }, (_, i) => data[i * d + c]);
    // Columns have mean 0 and variance 1.
    if (column.reduce((sum, v) => sum + v ** 4, 0) / n <= HEAVY) continue;
    const order = Int32Array.from(column.keys()).sort((i, j) => column[i] - column[j]);
    // Columns with many repeated values hold categories or clipped numbers, which ranks do not help.
    let distinct = 1;
    for (let i = 1; i < n; i++) distinct += Number(column[order[i]] !== column[order[i - 1]]);
    if (distinct < n / 2) continue;
    heavy++;
    for (let from = 0; from < n; ) {
      let to = from + 1;
      while (to < n && column[order[to]] === column[order[from]]) to++;
      const score = normalQuantile((from + to) / 2 / n);
      for (; from < to; from++) out[order[from] * d + c] = score;
    }
  }
  if (heavy > 0)
    warnings.push(
      `${heavy} of ${d} columns of the ${name} variable have heavy tails and were replaced by the normal scores of their ranks, which changes no information.`,
    );
  return { data: out, n, d };
}

/** Category number 0 … levels − 1 of each row of a discrete variable, in order of first appearance, and the size of each category. */
export function categories(s: Samples): { codes: Int32Array; counts: Int32Array; levels: number } {
  const seen = new Map<number | string, number>();
  const codes = new Int32Array(s.n);
  for (let i = 0; i < s.n; i++) {
    // Adding 0 makes −0 and 0 one category.
    const key =
      s.d === 1
        ? s.data[i] + 0
        : s.data
            .subarray(i * s.d, (i + 1) * s.d)
            .map((v) => v + 0)
            .join();
    let code = seen.get(key);
    if (code === undefined) {
      code = seen.size;
      seen.set(key, code);
    }
    codes[i] = code;
  }
  const counts = new Int32Array(seen.size);
  for (const code of codes) counts[code]++;
  return { codes, counts, levels: seen.size };
}

/** Shannon entropy in nats of the distribution given by counts. */
export function entropy(counts: ArrayLike<number>): number {
  let n = 0;
  for (let i = 0; i < counts.length; i++) n += counts[i];
  let h = 0;
  for (let i = 0; i < counts.length; i++) if (counts[i] > 0) h -= (counts[i] / n) * Math.log(counts[i] / n);
  return h;
}

/** The warning of every estimator about a constant variable. */
export const CONSTANT = 'A variable that never changes carries no information: the value is exactly 0.';

/** Adds the warning of every estimator about few samples. */
export function warnFew(n: number, warnings: string[]): void {
  if (n < MINIMUM_GROUP)
    warnings.push(`Only ${n} samples: under ${MINIMUM_GROUP} the value and its error are a rough guess.`);
}

/** Standard deviations that no value of a light-tailed column reaches: an exponential one needs 10⁹ samples for 20. */
const FAR = 20;

/** Adds a warning about standardised columns with extreme values, whose variance depends on a few samples. */
export function warnTails(variables: Columns[], consequence: string, warnings: string[]): void {
  const farthest = Math.max(...variables.map(({ data }) => data.reduce((m, v) => Math.max(m, Math.abs(v)), 0)));
  if (farthest > FAR)
    warnings.push(
      `Some values lie ${farthest.toFixed(0)} standard deviations from their mean: with tails this heavy ${consequence}.`,
    );
}
