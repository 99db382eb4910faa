/**
 * Resolved information: the information about *which of n points* was sent through a channel of known Gaussian noise.
 *
 * Points t [n, d] are in units of the noise (its covariance is the identity), and κ magnifies that noise:
 *   I_κ = (1/n) Σ_i E_ε [ −|ε|²/2κ² − ln (1/n) Σ_j exp(−|t_i + ε − t_j|²/2κ²) ],   ε ~ N(0, κ²·1),
 * between 0 and ln n nats (the mixture estimator of Goldfeld et al., ICML 2019, arXiv 1810.05728). With ε = κz the squares of
 * ε cancel, and one z serves every κ:
 *   I_κ = (1/n) Σ_i E_z [ ln n − ln Σ_j u_ij·v_ij ],   u_ij = exp(−|t_i − t_j|²/2κ²),   v_ij = exp(−z·(t_i − t_j)/κ).
 * The term j = i is 1, so the sum is at least 1 and its logarithm needs no shift. Three properties make a ladder of κ fast: each z is used with
 * both signs (v and 1/v; the odd part of the error cancels); halving κ raises u to the fourth power and v to the square; and a pair that is
 * too far apart at one κ is too far apart at every smaller κ.
 */
import { UserError } from '../base/errors.js';
import { productsWith } from './products.js';
import { SATURATION } from './types.js';

/** Points [n, d] in units of the noise, row-major. */
export interface Points {
  data: Float64Array | Float32Array;
  n: number;
  d: number;
}

/** Resolved information at each κ of a list. */
export interface Resolved {
  kappas: readonly number[];
  /** One value per κ. */
  nats: Float64Array;
  /** Standard error over the draws of ε: the difference from the value with infinitely many draws for these points. */
  standardError: Float64Array;
  /** ln n. */
  ceiling: number;
  /** Within 5 % of the ceiling, per κ. */
  saturated: boolean[];
  /** The contribution of each point, [κ][n]; its mean is `nats`. */
  pointwise: Float64Array[];
}

/** Sums over directions z of each point's contribution, [κ · n], and of its square. */
export interface DrawSums {
  directions: number;
  sum: Float64Array;
  square: Float64Array;
}

/** Sums before the first draw. */
export const noDraws = (kappas: readonly number[], n: number): DrawSums => ({
  directions: 0,
  sum: new Float64Array(kappas.length * n),
  square: new Float64Array(kappas.length * n),
});

/**
 * Value of |t_i − t_j|²/2κ² above which a pair is omitted: with |z·(t_i − t_j)| ≤ 9|t_i − t_j| (a normal value exceeds 9 with probability
 * 2e-19), its term is below e^−43 of the sum.
 */
const APART = 240;
const APART_TERM = Math.exp(-APART);
/** Share of |t_i|² + |t_j|² below which |t_i − t_j|² is computed column by column. */
const CLOSE = 1e-6;
/** Most products in memory at a time. */
const BLOCK = 1 << 16;

/**
 * Resolved information of `points` at each of `kappas` (positive), nats. `directions` holds z [m, n, d], m ≥ 2, standard normal;
 * each is used with both signs, so m directions are 2m draws of ε. `squared` [n, n] replaces the squared distances of the
 * points, where these are known to be biased (products with z are scaled alike).
 */
export function resolvedInformation(
  points: Points,
  kappas: readonly number[],
  directions: ArrayLike<number>,
  squared?: Float64Array,
): Resolved {
  const sums = noDraws(kappas, points.n);
  addDraws(sums, points, kappas, directions, squared);
  return summary(sums, kappas, points.n);
}

/** The values and standard errors from the sums. */
export function summary({ directions, sum, square }: DrawSums, kappas: readonly number[], n: number): Resolved {
  const ceiling = Math.log(n);
  const nats = new Float64Array(kappas.length);
  const standardError = new Float64Array(kappas.length);
  const pointwise: Float64Array[] = [];
  for (let k = 0; k < kappas.length; k++) {
    const means = sum.slice(k * n, (k + 1) * n).map((s) => s / directions);
    pointwise.push(means);
    // The noise of the points is independent, so the variance of their mean is the mean of their variances divided by n.
    let variance = 0;
    for (let i = 0; i < n; i++) {
      nats[k] += means[i] / n;
      variance += Math.max(0, square[k * n + i] / directions - means[i] ** 2) / (directions - 1);
    }
    standardError[k] = Math.sqrt(variance) / n;
  }
  const saturated = Array.from(nats, (v) => v >= SATURATION * ceiling);
  return { kappas, nats, standardError, ceiling, saturated, pointwise };
}

/** Adds draws to `sums`; arguments as for `resolvedInformation`, with any number of directions. */
export function addDraws(
  sums: DrawSums,
  { data, n, d }: Points,
  kappas: readonly number[],
  directions: ArrayLike<number>,
  squared?: Float64Array,
): void {
  const m = directions.length / (n * d);
  if (!Number.isInteger(m) || data.length !== n * d)
    throw new UserError(
      `resolved: ${n} points of ${d} columns do not fit ${data.length} and ${directions.length} numbers`,
    );
  const t = centred(data, n, d);
  const chains = halvings(kappas);
  const row = new PairRow(t, n, d, kappas.length);
  const block = Math.max(1, Math.min(n, Math.floor(BLOCK / (n * (m + 1)))));
  const products = productsWith(t, n, d, block * (m + 1));
  const { rows, out, width } = products;
  for (let from = 0; from < n; from += block) {
    const count = Math.min(block, n - from);
    // Row (i, 0) is the point, rows (i, 1 … m) are its directions.
    for (let b = 0; b < count; b++) {
      const at = b * (m + 1) * d;
      rows.set(t.subarray((from + b) * d, (from + b + 1) * d), at);
      for (let s = 0; s < m; s++)
        for (let c = 0; c < d; c++) rows[at + (s + 1) * d + c] = directions[(s * n + from + b) * d + c];
    }
    products.multiply(count * (m + 1));
    for (let b = 0; b < count; b++) {
      const i = from + b;
      const gram = b * (m + 1) * width;
      row.distances(i, out, gram, squared);
      for (const chain of chains)
        row.chain(chain, out, gram, width, m, (k, value) => {
          sums.sum[k * n + i] += value;
          sums.square[k * n + i] += value * value;
        });
    }
  }
  products.release();
  sums.directions += m;
}

/** The points minus their mean: distances stay, and products lose fewer digits. */
export function centred(data: ArrayLike<number>, n: number, d: number): Float64Array {
  const out = Float64Array.from(data);
  for (let c = 0; c < d; c++) {
    let mean = 0;
    for (let i = 0; i < n; i++) mean += out[i * d + c] / n;
    for (let i = 0; i < n; i++) out[i * d + c] -= mean;
  }
  return out;
}

/** Values of κ that differ by halving, the largest first, and their positions in the list. */
interface Chain {
  kappa: number;
  positions: number[];
}

/** The list as chains of halvings. A κ whose half and double are not in the list is a chain of its own. */
export function halvings(kappas: readonly number[]): Chain[] {
  const bad = kappas.find((kappa) => !(kappa > 0 && kappa < Number.POSITIVE_INFINITY));
  if (bad !== undefined) throw new UserError(`resolved: κ must be positive and finite, got ${bad}`);
  const left = kappas.map((kappa, position) => ({ kappa, position })).sort((a, b) => b.kappa - a.kappa);
  const chains: Chain[] = [];
  while (left.length > 0) {
    const first = left.shift()!;
    const chain: Chain = { kappa: first.kappa, positions: [first.position] };
    for (;;) {
      const half = first.kappa / 2 ** chain.positions.length;
      const next = left.findIndex(({ kappa }) => Math.abs(kappa - half) < 1e-12 * half);
      if (next < 0) break;
      chain.positions.push(left.splice(next, 1)[0].position);
    }
    chains.push(chain);
  }
  return chains;
}

/** All pairs (i, j) of one point i. Arrays are kept from point to point. */
class PairRow {
  /** |t_j|². */
  private readonly norms: Float64Array;
  /** |t_i − t_j|². */
  private readonly squares: Float64Array;
  /** What the product z·(t_i − t_j) is multiplied with: 1 unless distances are replaced. */
  private readonly scales: Float64Array;
  private readonly near: Int32Array;
  private readonly nearTerm: Float64Array;
  private readonly u: Float64Array;
  private readonly v: Float64Array;
  private readonly w: Float64Array;
  private readonly plus: Float64Array;
  private readonly minus: Float64Array;
  private point = 0;

  constructor(
    private readonly t: Float64Array,
    private readonly n: number,
    private readonly d: number,
    levels: number,
  ) {
    this.norms = new Float64Array(n);
    for (let i = 0; i < n; i++) for (let c = 0; c < d; c++) this.norms[i] += t[i * d + c] ** 2;
    this.near = new Int32Array(n);
    [this.squares, this.scales, this.nearTerm, this.u, this.v, this.w] = Array.from(
      { length: 6 },
      () => new Float64Array(n),
    );
    this.plus = new Float64Array(levels + 2);
    this.minus = new Float64Array(levels + 2);
  }

  /** Takes the distances from point i: |t_i|² + |t_j|² − 2 t_i·t_j, with the products of point i at `at`. */
  distances(i: number, out: Float64Array, at: number, replaced: Float64Array | undefined): void {
    const { n, norms, squares, scales } = this;
    this.point = i;
    for (let j = 0; j < n; j++) {
      const norm = norms[i] + norms[j];
      let square = norm - 2 * out[at + j];
      // The difference of two numbers so much larger has lost the digits that count.
      if (square < CLOSE * norm) square = this.directly(i, j);
      squares[j] = square;
      scales[j] = 1;
      if (replaced && j !== i) {
        squares[j] = Math.max(0, replaced[i * n + j]);
        scales[j] = square > 0 ? Math.sqrt(squares[j] / square) : 0;
      }
    }
  }

  private directly(i: number, j: number): number {
    const { t, d } = this;
    let square = 0;
    for (let c = 0; c < d; c++) square += (t[i * d + c] - t[j * d + c]) ** 2;
    return square;
  }

  /**
   * Calls `found` with the position of each κ of the chain in the list and the mean of z and −z, for each of the `m` directions. `out`, `at` and
   * `width` are the products, the row of this point, and the length of a row: plain arguments, because this is the inner loop.
   */
  chain(
    { kappa, positions }: Chain,
    out: Float64Array,
    at: number,
    width: number,
    m: number,
    found: (position: number, value: number) => void,
  ): void {
    const { n, squares, scales, near, nearTerm, u, v, w, plus, minus, point } = this;
    const half = 0.5 / (kappa * kappa);
    const inverse = 1 / kappa;
    let count = 0;
    for (let j = 0; j < n; j++) {
      const exponent = squares[j] * half;
      if (exponent > APART) continue;
      near[count] = j;
      nearTerm[count++] = exp(-exponent);
    }
    for (let s = 1; s <= m; s++) {
      const z = at + s * width;
      const own = out[z + point];
      for (let q = 0; q < count; q++) {
        const j = near[q];
        const value = exp((out[z + j] - own) * scales[j] * inverse);
        u[q] = nearTerm[q];
        v[q] = value;
        w[q] = 1 / value;
      }
      this.levels(count, positions.length);
      for (let l = 0; l < positions.length; l++)
        found(positions[l], Math.log(n) - 0.5 * (Math.log(plus[l]) + Math.log(minus[l])));
    }
  }

  /**
   * Σ u·v and Σ u/v at each level; each level comes from powers of the one before. Three levels in one pass over the pairs save more than half of
   * the time for loads and stores. Levels after the last one are not read.
   */
  private levels(count: number, levels: number): void {
    const { u, v, w, plus, minus } = this;
    for (let l = 0; l < levels; l += 3) {
      let a0 = 0;
      let b0 = 0;
      let a1 = 0;
      let b1 = 0;
      let a2 = 0;
      let b2 = 0;
      let left = 0;
      for (let q = 0; q < count; q++) {
        let uq = u[q];
        let vq = v[q];
        let wq = w[q];
        a0 += uq * vq;
        b0 += uq * wq;
        uq = uq * uq * (uq * uq);
        if (uq < APART_TERM) continue;
        vq *= vq;
        wq *= wq;
        a1 += uq * vq;
        b1 += uq * wq;
        uq = uq * uq * (uq * uq);
        if (uq < APART_TERM) continue;
        vq *= vq;
        wq *= wq;
        a2 += uq * vq;
        b2 += uq * wq;
        uq = uq * uq * (uq * uq);
        if (uq < APART_TERM) continue;
        u[left] = uq;
        v[left] = vq * vq;
        w[left++] = wq * wq;
      }
      plus.set([a0, a1, a2], l);
      minus.set([b0, b1, b2], l);
      count = left;
    }
  }
}

const STEPS = 1024;
const PER_STEP = Math.LN2 / STEPS;
const PER_ONE = STEPS / Math.LN2;
const fractions = Float64Array.from({ length: STEPS }, (_, j) => Math.exp(j * PER_STEP));
const SIXTH = 1 / 6;
const LOWEST = 1022;
const powers = Float64Array.from({ length: 2 * LOWEST }, (_, k) => 2 ** (k - LOWEST));

/**
 * e^x for |x| < 700: 2^(k + j/1024) from tables times a cubic in the rest |r| < ln 2/1024, relative error below
 * r⁴/24 = 9e-15. `Math.exp` takes four times as long.
 */
function exp(x: number): number {
  const whole = (x * PER_ONE) | 0;
  const r = x - whole * PER_STEP;
  return fractions[whole & (STEPS - 1)] * powers[(whole >> 10) + LOWEST] * (1 + r * (1 + r * (0.5 + r * SIXTH)));
}
