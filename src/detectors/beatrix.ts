/**
 * Beatrix: the Gram matrix of a sample's features, at several orders, leaves the range in which those of trusted samples of its class
 * lie. It sees changed correlations of features whose own distributions stay the same.
 *
 * Ma et al., "The 'Beatrix' Resurrections: Robust Backdoor Detection via Gram Matrices", NDSS 2023 (arXiv 2209.11715), Section V.
 *
 * Entry ij of the Gram matrix of order p is (Σ_s x_is^p · x_js^p)^(1/p) over places s of a feature map, with the sign outside the
 * root. T has no places: the sum is one product, and the root of its pth power is x_i·x_j for odd p and |x_i·x_j| for even p. So the
 * orders 1 … 8 of the paper are two matrices, four times each, and a single one where no feature is negative. On feature maps all
 * eight differ.
 */
import { UserError } from '../base/errors.js';
import { indicesByClass } from '../datasets/limits.js';
import { type Matrix, rowsOf } from '../information/columns.js';
import { ANOMALOUS, anomalyIndices, median } from './anomaly.js';
import { defineDetector } from './types.js';

/** Bounds lie this number of MADs from the median, as in the paper. */
const MADS = 10;
/** Share of held-out trusted samples below the threshold, and folds that hold them out, as in the authors' code. */
const BELOW = 0.95;
const FOLDS = 5;
/** Added to the size of a bound, as a share of the mean square of the features: pairs that trusted samples leave at 0 have bounds of 0. */
const SMALLEST_BOUND = 1e-6;
/** Samples of each group that the kernel test compares at most, evenly chosen, as many as in the authors' code. */
const COMPARED = 500;
/**
 * Smallest MAD of the kernel statistic over the classes. The statistic of two groups of one distribution is between 1 and 2. Without
 * this, a single suspected sample would flag its class where most classes have none.
 */
const SMALLEST_MAD = 1;

/** Bounds of the entries ij, j ≤ i, of one class's Gram matrices: x_i·x_j, and |x_i·x_j| where features may be negative. */
interface Bounds {
  low: Float64Array;
  high: Float64Array;
}

/**
 * The score of a sample is its deviation, the sum over entries and orders of |excess / bound| outside of the bounds of its class, divided
 * by their number and by the class's threshold. The threshold is the 95 % quantile of trusted samples, each held out in turn. A class's
 * score is its anomaly index |J − median| / (1.4826 · MAD), where J is the kernel two-sample statistic (KMMD) of its samples above and
 * below the threshold. Classes with an index > e² are targets, and their samples above the threshold are flagged.
 *
 * Inputs at run time are judged in the same way, with predictions for labels. Throws `UserError` where a class has fewer than five
 * trusted samples.
 */
export const beatrix = defineDetector({
  name: 'Beatrix',
  summary: 'products of features that leave the range of trusted samples of the class',
  source: 'Ma et al., NDSS 2023, arXiv 2209.11715',
  threatModel: 'B',
  needs: ['set', 'classes', 'features', 'trusted'],
  async detect({ set, classes, features, trusted }, step) {
    const byClass = indicesByClass(set.labels, classes);
    const trustedRows = indicesByClass(trusted.set.labels, classes);
    const signed = [features, trusted.features].some(({ data }) => data.some((v) => v < 0));
    const deviation = new Float64Array(set.n);
    const thresholds = new Float64Array(classes);
    for (const [k, rows] of byClass.entries()) {
      if (rows.length > 0) {
        const clean = rowsOf(trusted.features, trustedRows[k]);
        if (clean.n < FOLDS)
          throw new UserError(`Beatrix: class ${k} has ${clean.n} trusted samples, at least ${FOLDS} are needed`);
        thresholds[k] = thresholdOf(clean, signed);
        const found = deviations(rowsOf(features, rows), boundsOf(clean, signed), smallestBound(clean));
        rows.forEach((r, i) => {
          deviation[r] = found[i];
        });
      }
      step?.((k + 1) / classes);
    }
    const suspected = deviation.map((v, i) => Number(v > thresholds[set.labels[i]]));
    const statistics = byClass.map((rows) =>
      rows.length > 0 ? kernelStatistic(features, rows, suspected) : Number.NaN,
    );
    const classScores = anomalyIndices(Float64Array.from(statistics), SMALLEST_MAD);
    const targets = [...classScores.keys()].filter((k) => classScores[k] > ANOMALOUS);
    // A threshold is 0 where trusted samples stay within their bounds; the smallest of the others stands in for it.
    const least = Math.min(...thresholds.filter((t) => t > 0));
    const scale = thresholds.map((t) => t || (Number.isFinite(least) ? least : 1));
    return {
      scores: deviation.map((v, i) => v / scale[set.labels[i]]),
      flagged: Uint8Array.from(suspected, (s, i) => Number(s === 1 && targets.includes(set.labels[i]))),
      classScores,
      targets,
    };
  },
});

/** The 95 % quantile of the deviations of samples, each fifth of them from the bounds of the other four. */
function thresholdOf(clean: Matrix, signed: boolean): number {
  const all = Array.from({ length: clean.n }, (_, i) => i);
  const held = Array.from({ length: FOLDS }, (_, f) => {
    const rest = rowsOf(
      clean,
      all.filter((i) => i % FOLDS !== f),
    );
    return [
      ...deviations(
        rowsOf(
          clean,
          all.filter((i) => i % FOLDS === f),
        ),
        boundsOf(rest, signed),
        smallestBound(rest),
      ),
    ];
  });
  return held.flat().sort((a, b) => a - b)[Math.floor(BELOW * clean.n)];
}

const smallestBound = ({ data }: Matrix) => (SMALLEST_BOUND * data.reduce((s, v) => s + v * v, 0)) / data.length;

/** Median ± 10 MAD of each entry over the samples, for the odd orders and, if features are `signed`, the even ones. */
function boundsOf({ data, n, d }: Matrix, signed: boolean): Bounds[] {
  const pairs = (d * (d + 1)) / 2;
  const products = new Float64Array(n);
  const values = new Float64Array(n);
  return (signed ? [false, true] : [false]).map((even) => {
    const [low, high] = [new Float64Array(pairs), new Float64Array(pairs)];
    let at = 0;
    for (let a = 0; a < d; a++)
      for (let b = 0; b <= a; b++, at++) {
        for (let i = 0; i < n; i++) {
          const product = data[i * d + a] * data[i * d + b];
          products[i] = even ? Math.abs(product) : product;
        }
        values.set(products);
        const middle = median(values);
        for (let i = 0; i < n; i++) values[i] = Math.abs(products[i] - middle);
        const reach = MADS * median(values);
        low[at] = middle - reach;
        high[at] = middle + reach;
      }
    return { low, high };
  });
}

/** Mean over entries and orders of the relative excess outside of the bounds, per sample. */
function deviations({ data, n, d }: Matrix, bounds: Bounds[], smallest: number): Float64Array {
  const out = new Float64Array(n);
  bounds.forEach(({ low, high }, even) => {
    for (let i = 0; i < n; i++) {
      let sum = 0;
      let at = 0;
      for (let a = 0; a < d; a++)
        for (let b = 0; b <= a; b++, at++) {
          const product = data[i * d + a] * data[i * d + b];
          const entry = even ? Math.abs(product) : product;
          if (entry < low[at]) sum += (low[at] - entry) / (Math.abs(low[at]) + smallest);
          else if (entry > high[at]) sum += (entry - high[at]) / (Math.abs(high[at]) + smallest);
        }
      out[i] += sum / (low.length * bounds.length);
    }
  });
  return out;
}

/**
 * m·n / (m + n) · MMD² of a class's suspected samples and its others, with a sum of two Gaussian kernels whose widths are half the
 * median squared distance and the median itself; 0 if one group is empty.
 */
function kernelStatistic(features: Matrix, rows: number[], suspected: Float64Array): number {
  const groups = [0, 1].map((s) => evenly(rows.filter((r) => suspected[r] === s)));
  const [n, m] = groups.map((g) => g.length);
  if (n === 0 || m === 0) return 0;
  const squares = squaredDistances(rowsOf(features, groups.flat()));
  const width = median(squares.slice());
  if (width === 0) return 0;
  let sum = 0;
  for (let i = 0; i < n + m; i++)
    for (let j = 0; j < n + m; j++) {
      const square = squares[i * (n + m) + j];
      const weight = (i < n ? 1 / n : -1 / m) * (j < n ? 1 / n : -1 / m);
      sum += weight * (Math.exp((-2 * square) / width) + Math.exp(-square / width));
    }
  return ((n * m) / (n + m)) * sum;
}

/** At most `COMPARED` of the items, evenly spaced. */
const evenly = (items: number[]): number[] =>
  items.length <= COMPARED
    ? items
    : Array.from({ length: COMPARED }, (_, i) => items[Math.floor((i * items.length) / COMPARED)]);

function squaredDistances({ data, n, d }: Matrix): Float64Array {
  const out = new Float64Array(n * n);
  for (let i = 0; i < n; i++)
    for (let j = 0; j < i; j++) {
      let sum = 0;
      for (let c = 0; c < d; c++) sum += (data[i * d + c] - data[j * d + c]) ** 2;
      out[i * n + j] = out[j * n + i] = sum;
    }
  return out;
}
