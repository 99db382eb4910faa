/**
 * How far poisoned samples lie from clean ones in T.
 *
 * "Quiet Triggers, Loud Footprints", IEEE S&P 2027: CDBI after Davies and Bouldin 1979, and DSWD after the defence-aware loss of the
 * Wasserstein backdoor (Doan, Lao and Li, NeurIPS 2021).
 */
import type { Matrix } from '../information/columns.js';
import { rowsOf } from '../information/columns.js';

/** Centre [d] of some points, and their mean distance to it. */
function centre({ data, n, d }: Matrix): { at: Float64Array; spread: number } {
  const at = new Float64Array(d);
  for (let i = 0; i < n; i++) for (let c = 0; c < d; c++) at[c] += data[i * d + c] / n;
  let spread = 0;
  for (let i = 0; i < n; i++) {
    let square = 0;
    for (let c = 0; c < d; c++) square += (data[i * d + c] - at[c]) ** 2;
    spread += Math.sqrt(square) / n;
  }
  return { at, spread };
}

/** Davies–Bouldin index of two clusters: the sum of their mean distances to their centres over the distance of the centres. */
export function daviesBouldin(a: Matrix, b: Matrix): number {
  const [p, q] = [centre(a), centre(b)];
  return (p.spread + q.spread) / Math.hypot(...p.at.map((v, c) => v - q.at[c]));
}

/**
 * CDBI: the Davies–Bouldin index of benign samples of the target class against the poisoned samples of one source class, mean over source
 * classes. Higher is stealthier. `source`: class from which each poisoned sample comes. Null without samples of both kinds.
 */
export function cdbi(benign: Matrix, poisoned: Matrix, source: Int32Array): number | null {
  if (benign.n === 0 || poisoned.n === 0) return null;
  const classes = [...new Set(source)];
  const each = classes.map((k) =>
    daviesBouldin(
      benign,
      rowsOf(
        poisoned,
        [...source.keys()].filter((i) => source[i] === k),
      ),
    ),
  );
  return each.reduce((s, v) => s + v, 0) / each.length;
}

/**
 * DSWD: along each row of the classifier's weights, at length 1, the squared 2-Wasserstein distance of the features of images with and
 * without the trigger; mean over rows, root. Lower is stealthier. Both [n, d]; `weights` [classes, d].
 */
export function dswd(clean: Matrix, triggered: Matrix, weights: ArrayLike<number>): number {
  const { n, d } = clean;
  const classes = weights.length / d;
  let sum = 0;
  for (let k = 0; k < classes; k++) {
    const row = Float64Array.from({ length: d }, (_, c) => weights[k * d + c]);
    const length = Math.hypot(...row);
    const along = ({ data }: Matrix) =>
      Float64Array.from({ length: n }, (_, i) => row.reduce((s, w, c) => s + w * data[i * d + c], 0) / length).sort();
    const [p, q] = [along(clean), along(triggered)];
    sum += p.reduce((s, v, i) => s + (v - q[i]) ** 2, 0) / n / classes;
  }
  return Math.sqrt(sum);
}
