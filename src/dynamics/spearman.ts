/**
 * Spearman's rank correlation, the partial one, its interval over clusters, and the smallest one that a number of clusters sees. Values of
 * several strata (data sets) are ranked inside each, so that a difference between strata is no correlation.
 */
import { Rng } from '../base/random.js';
import { mean } from './trajectory.js';

/** Ranks from 1; tied values share their mean rank. */
export function ranks(values: readonly number[]): number[] {
  const order = values.map((_, i) => i).sort((a, b) => values[a] - values[b]);
  const found = new Array<number>(values.length);
  for (let i = 0; i < order.length; ) {
    let end = i + 1;
    while (end < order.length && values[order[end]] === values[order[i]]) end++;
    for (let k = i; k < end; k++) found[order[k]] = (i + end + 1) / 2;
    i = end;
  }
  return found;
}

/** Ranks inside each stratum as shares, 0 … 1: (rank − ½) / n. */
export function rankShares(values: readonly number[], strata: readonly string[]): number[] {
  const shares = new Array<number>(values.length);
  for (const stratum of new Set(strata)) {
    const rows = strata.flatMap((s, i) => (s === stratum ? [i] : []));
    const own = ranks(rows.map((i) => values[i]));
    rows.forEach((row, k) => {
      shares[row] = (own[k] - 0.5) / rows.length;
    });
  }
  return shares;
}

/** Values minus their mean. */
function centred(values: readonly number[]): number[] {
  const m = mean(values);
  return values.map((v) => v - m);
}

const dot = (a: readonly number[], b: readonly number[]) => a.reduce((s, v, i) => s + v * b[i], 0);

/** Under this share of its squared length a vector counts as zero. */
const NOTHING = 1e-12;

/**
 * Spearman's ρ of paired values given others: the correlation of what a linear fit of the ranks on the ranks of `given` leaves. Without
 * `given` it is the plain ρ. NaN where nothing is left of either.
 */
export function spearman(
  a: readonly number[],
  b: readonly number[],
  { strata = a.map(() => ''), given = [] }: { strata?: readonly string[]; given?: readonly (readonly number[])[] } = {},
): number {
  const rank = (values: readonly number[]) => centred(rankShares(values, strata));
  const basis: number[][] = [];
  // What of a vector the basis does not explain, or null where that is nothing.
  const rest = (values: number[]): number[] | null => {
    let left = values;
    for (const e of basis) {
      const share = dot(left, e);
      left = left.map((v, i) => v - share * e[i]);
    }
    const length = dot(left, left);
    return length > NOTHING * Math.max(dot(values, values), 1 / values.length) ? left : null;
  };
  for (const values of given) {
    const left = rest(rank(values));
    if (left) {
      const length = Math.sqrt(dot(left, left));
      basis.push(left.map((v) => v / length));
    }
  }
  const [x, y] = [rest(rank(a)), rest(rank(b))];
  return x && y ? dot(x, y) / Math.sqrt(dot(x, x) * dot(y, y)) : Number.NaN;
}

/** Resamples of an interval; fewest clusters that are resampled, and the largest share of resamples without a value. */
const [RESAMPLES, FEWEST_CLUSTERS, MISSING] = [1000, 5, 0.1];

/**
 * 95 % percentile interval of a statistic of rows, by resampling whole clusters of them with replacement (Field and Welsh 2007). Null for
 * fewer than five clusters, and where over a tenth of the resamples have no value.
 */
export function clusterInterval(
  clusters: readonly string[],
  statistic: (rows: readonly number[]) => number,
  seed = 0,
): [number, number] | null {
  const members = [...new Set(clusters)].map((name) => clusters.flatMap((c, i) => (c === name ? [i] : [])));
  if (members.length < FEWEST_CLUSTERS) return null;
  const rng = new Rng(seed, 'clusters');
  const found: number[] = [];
  for (let k = 0; k < RESAMPLES; k++) {
    const value = statistic(members.flatMap(() => members[rng.int(members.length)]));
    if (Number.isFinite(value)) found.push(value);
  }
  if (found.length < (1 - MISSING) * RESAMPLES) return null;
  found.sort((a, b) => a - b);
  const at = (share: number) => found[Math.min(found.length - 1, Math.floor(share * found.length))];
  return [at(0.025), at(0.975)];
}

/**
 * Smallest |ρ| that `n` independent clusters see with 80 % power at 5 %, two-sided: Fisher's transformation with the variance 1.06 / (n − 3)
 * for Spearman's ρ (Fieller, Hartley and Pearson 1957). 1 for three clusters or fewer.
 */
export const smallestVisible = (n: number): number =>
  n > 3 ? Math.tanh((Z_LEVEL + Z_POWER) * Math.sqrt(1.06 / (n - 3))) : 1;

/** Quantiles of the normal law at 0.975 and 0.8. */
const [Z_LEVEL, Z_POWER] = [1.959963984540054, 0.8416212335729143];
