/**
 * Nearest-neighbour estimators for variables of which at least one is discrete, wholly or in part.
 *
 * Ross: one discrete, one continuous variable (Ross 2014, "Mutual information between discrete and continuous data sets").
 * ε_i is the distance to the k-th neighbour among the samples of the same category, m_i the number of samples of any
 * category closer than that, i itself included, N_i the size of the category: I = ψ(n) + ⟨ψ(k_i) − ψ(N_i) − ψ(m_i)⟩, with
 * k_i = min(k, N_i − 1). Categories with a single sample count neither in n nor in the mean, as in scikit-learn.
 *
 * Gao: any mixture, also inside one variable (Gao, Kannan, Oh and Viswanath 2017, "Estimating mutual information for
 * discrete-continuous mixtures"). ρ_i is the joint distance to the k-th neighbour; if it is 0, k_i is the number of coinciding samples,
 * else k: I = ln n + ⟨ψ(k_i) − ψ(n_x,i) − ψ(n_y,i)⟩, each count including i, as in the authors' implementation
 * (their paper's ln(n_x + 1) differs from it by O(1/n_x)).
 */
import { UserError } from '../base/errors.js';
import { KdTree } from './kdtree.js';
import { counter, join, pick } from './ksg.js';
import { type PartsError, partsError, settled } from './resample.js';
import {
  CONSTANT,
  type Columns,
  categories,
  checkKind,
  checkPair,
  entropy,
  oneRowPerSample,
  prepare,
  warnFew,
} from './samples.js';
import { digammaTable } from './special.js';
import type { DirectEstimator, Estimate, EstimateOptions, Samples } from './types.js';

/** Settings of `ross`, `gao` and `mixed`. */
export interface NeighbourOptions {
  /** Number of the neighbour. Default 3. */
  k?: number;
}

/** Most categories in Gao's estimator: each becomes a column. */
const MAX_CATEGORIES = 500;
/** Distance between categories, far above any distance between standardised columns. */
const APART = 1e9;

function checkNeighbours(name: string, k: number): void {
  if (!Number.isInteger(k) || k < 1) throw new UserError(`${name}: k must be a whole number from 1 on, got ${k}`);
}

/** Ross's estimator, for one discrete and one continuous variable, in either order. Columns are standardised first. */
export function ross({ k = 3 }: NeighbourOptions = {}): DirectEstimator {
  checkNeighbours('ross', k);
  return {
    name: 'ross',
    summary: `nearest neighbours (k = ${k}) inside each category, one discrete and one continuous variable`,
    source: 'Ross 2014, PLoS ONE 9(2), e87357',
    estimate: (a, b, options) => estimateRoss(a, b, k, options),
  };
}

/** Gao's estimator, for discrete and continuous variables and mixtures of both. Columns are standardised first. */
export function gao({ k = 3 }: NeighbourOptions = {}): DirectEstimator {
  checkNeighbours('gao', k);
  return {
    name: 'gao',
    summary: `nearest neighbours (k = ${k}) for mixtures of discrete and continuous`,
    source: 'Gao, Kannan, Oh and Viswanath 2017, NeurIPS',
    estimate: (a, b, options) => estimateGao(a, b, k, options),
  };
}

/** Ross's estimator if exactly one variable is discrete, otherwise Gao's. */
export function mixed(options: NeighbourOptions = {}): DirectEstimator {
  const [byCategory, anything] = [ross(options), gao(options)];
  return {
    name: 'mixed',
    summary: 'nearest neighbours where not everything is continuous: ross for one discrete variable, otherwise gao',
    source: `${byCategory.source}; ${anything.source}`,
    estimate: (a, b, call) => {
      const chosen = a.discrete !== b.discrete ? byCategory : anything;
      return { ...chosen.estimate(a, b, call), estimator: 'mixed' };
    },
  };
}

/** What both estimators have to report, in the form of an estimate. */
function report(
  found: Pick<Estimate, 'estimator' | 'samples' | 'nats' | 'ceiling' | 'warnings' | 'details'>,
  error: PartsError,
): Estimate {
  const { nats, samples, warnings } = found;
  warnFew(samples, warnings);
  return {
    ...found,
    standardError: error.standardError,
    standardErrorMethod: error.method,
    // The ceiling is the entropy of the data, which also limits the true value.
    saturated: false,
    converged: settled(nats, error, warnings),
    trainNats: null,
    heldOutNats: null,
    draws: 1,
  };
}

const EXACT: PartsError = { standardError: 0, method: 'exact', drift: 0 };

function estimateRoss(first: Samples, second: Samples, k: number, options: EstimateOptions): Estimate {
  checkPair('ross', first, second, options);
  if (first.discrete === second.discrete) {
    checkKind('ross', first, first.discrete ? 'continuous' : 'discrete', first.discrete ? '"plugin"' : '"ksg"');
  }
  const warnings: string[] = [];
  const [a, b] = oneRowPerSample(first, second, options, warnings);
  const label = categories(a.discrete ? a : b);
  const x = prepare(a.discrete ? b : a, a.discrete ? 'second' : 'first', warnings);
  const labelEntropy = entropy(label.counts);
  const details = { k, labelEntropy };
  const common = { estimator: 'ross', samples: a.n, ceiling: labelEntropy, warnings, details };
  if (label.levels === 1 || x.d === 0) {
    warnings.push(CONSTANT);
    return report({ ...common, nats: 0 }, EXACT);
  }
  const whole = rossLocal(x, label.codes, k);
  if (whole.local.length === 0)
    throw new UserError(
      `ross: every one of the ${a.n} samples is alone in its category; at least one category needs two`,
    );
  if (whole.local.length < a.n)
    warnings.push(`${a.n - whole.local.length} samples alone in their category were ignored.`);
  const small = label.counts.filter((c) => c > 1 && c <= k).length;
  if (small > 0)
    warnings.push(`${small} categories have no more than k = ${k} samples; fewer neighbours were used for them.`);
  if (whole.tied > 0)
    warnings.push(
      `${whole.tied} of ${a.n} samples coincide with ${k} others of their category; use "gao" for such mixtures.`,
    );
  const error = partsError(a.n, Math.max(10, 2 * k * label.levels), options.seed, whole, (rows) => {
    options.signal?.throwIfAborted();
    return rossLocal(
      pick(x, rows),
      rows.map((row) => label.codes[row]),
      k,
    ).nats;
  });
  return report({ ...common, nats: whole.nats }, error);
}

/** I(label; x) without a standard error, the term of each sample that counts, and the number of samples that coincide with k others. */
export function rossLocal(
  x: Columns,
  codes: Int32Array,
  k: number,
): { nats: number; local: Float64Array; tied: number } {
  const members = new Map<number, number[]>();
  codes.forEach((code, row) => {
    const list = members.get(code);
    if (list) list.push(row);
    else members.set(code, [row]);
  });
  const kept = Int32Array.from([...members.values()].filter((rows) => rows.length > 1).flat());
  const n = kept.length;
  const all = pick(x, kept);
  const count = counter(all);
  const psi = digammaTable(n);
  const local = new Float64Array(n);
  let nats = 0;
  let tied = 0;
  // Rows of one category follow one another in `kept`.
  for (let from = 0; from < n; ) {
    const size = members.get(codes[kept[from]])!.length;
    const own = new KdTree(all.data.subarray(from * x.d, (from + size) * x.d), size, x.d);
    const near = Math.min(k, size - 1);
    const distances = new Float64Array(near);
    const neighbours = new Int32Array(near);
    for (let p = 0; p < size; p++) {
      const i = from + own.order[p];
      own.nearest(p, near, distances, neighbours);
      const radius = distances[near - 1];
      if (radius === 0) tied++;
      local[i] = psi[n] + psi[near] - psi[size] - psi[count(i, radius, false)];
      nats += local[i] / n;
    }
    from += size;
  }
  return { nats, local, tied };
}

function estimateGao(first: Samples, second: Samples, k: number, options: EstimateOptions): Estimate {
  checkPair('gao', first, second, options);
  const warnings: string[] = [];
  const [a, b] = oneRowPerSample(first, second, options, warnings);
  const n = a.n;
  if (n <= k + 1) throw new UserError(`gao: k = ${k} needs at least ${k + 2} samples, got ${n}`);
  const x = place(a, 'first', warnings);
  const y = place(b, 'second', warnings);
  const common = { estimator: 'gao', samples: n, ceiling: Math.log(n), warnings };
  if (x.d === 0 || y.d === 0) {
    warnings.push(CONSTANT);
    return report({ ...common, nats: 0, details: { k } }, EXACT);
  }
  const whole = gaoLocal(x, y, k);
  const error = partsError(n, Math.max(10, 2 * k), options.seed, whole, (rows) => {
    options.signal?.throwIfAborted();
    return gaoLocal(pick(x, rows), pick(y, rows), k).nats;
  });
  if (k > n / 10) warnings.push(`k = ${k} is more than a tenth of ${n} samples: the k nearest ones are not near.`);
  return report({ ...common, nats: whole.nats, details: { k, tied: whole.tied } }, error);
}

/** A continuous variable standardised; of a discrete one, the corners of a simplex, so that all categories are equally far apart. */
function place(s: Samples, name: string, warnings: string[]): Columns {
  if (!s.discrete) return prepare(s, name, warnings);
  const { codes, levels } = categories(s);
  if (levels > MAX_CATEGORIES)
    throw new UserError(`gao: the ${name} variable has ${levels} categories, at most ${MAX_CATEGORIES} are possible`);
  if (levels === 1) return { data: new Float64Array(0), n: s.n, d: 0 };
  const data = new Float64Array(s.n * levels);
  codes.forEach((code, i) => {
    data[i * levels + code] = APART;
  });
  return { data, n: s.n, d: levels };
}

/** The estimate without a standard error, the term of each sample, and the number of samples that coincide with at least k others. */
export function gaoLocal(x: Columns, y: Columns, k: number): { nats: number; local: Float64Array; tied: number } {
  const n = x.n;
  const psi = digammaTable(n);
  const joint = join(x, y);
  const tree = new KdTree(joint.data, n, joint.d);
  const countX = counter(x);
  const countY = counter(y);
  const distances = new Float64Array(k);
  const neighbours = new Int32Array(k);
  const local = new Float64Array(n);
  let nats = 0;
  let tied = 0;
  for (let p = 0; p < n; p++) {
    const i = tree.order[p];
    tree.nearest(p, k, distances, neighbours);
    const radius = distances[k - 1];
    if (radius === 0) tied++;
    const near = radius === 0 ? tree.countWithin(p, 0, true) : k;
    local[i] = Math.log(n) + psi[near] - psi[countX(i, radius, false)] - psi[countY(i, radius, false)];
    nats += local[i] / n;
  }
  return { nats, local, tied };
}
