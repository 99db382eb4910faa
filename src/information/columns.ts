/** Preparation of columns for critics: a common scale, and principal components if there are many columns. */
import { Rng } from '../base/random.js';
import { evaluate, input, matmul, transpose } from '../engine/index.js';

/** A matrix [n, d], row-major. */
export interface Matrix {
  data: Float32Array;
  n: number;
  d: number;
}

/** A copy of the given rows, in the given order. */
export function rowsOf({ data, d }: Matrix, rows: ArrayLike<number>): Matrix {
  const out = new Float32Array(rows.length * d);
  for (let i = 0; i < rows.length; i++) out.set(data.subarray(rows[i] * d, (rows[i] + 1) * d), i * d);
  return { data: out, n: rows.length, d };
}

/** The draws of an array [draws, n, d], as views of it. */
export const drawsOf = (data: Float32Array, draws: number, n: number, d: number): Matrix[] =>
  Array.from({ length: draws }, (_, k) => ({ data: data.subarray(k * n * d, (k + 1) * n * d), n, d }));

/**
 * Columns centred, clipped at `clip` standard deviations, and divided by one common factor, so that their mean variance is about `size`².
 * The relative scales of columns stay, so noise that is equal in all columns stays equal. Constant columns become 0.
 */
export function normalise(m: Matrix, clip: number, size: number): Matrix {
  const { data, n, d } = m;
  const out = new Float32Array(data.length);
  let power = 0;
  for (let j = 0; j < d; j++) {
    let mean = 0;
    for (let i = 0; i < n; i++) mean += data[i * d + j];
    mean /= n;
    let variance = 0;
    for (let i = 0; i < n; i++) variance += (data[i * d + j] - mean) ** 2 / n;
    power += variance / d;
    const limit = clip * Math.sqrt(variance);
    for (let i = 0; i < n; i++) out[i * d + j] = Math.max(-limit, Math.min(limit, data[i * d + j] - mean));
  }
  const scale = power > 0 ? size / Math.sqrt(power) : 0;
  return { data: out.map((v) => v * scale), n, d };
}

/**
 * The first `k` principal components of centred columns, by a randomised range finder with power iterations
 * (Halko, Martinsson and Tropp 2011), scaled by one common factor so that their mean variance is 1.
 *
 * A function of one variable cannot raise the information, so a lower bound from components is a lower bound for the columns.
 */
export async function principalComponents(m: Matrix, k: number, seed: number): Promise<Matrix> {
  const { n, d } = m;
  const centred = Float32Array.from(m.data);
  for (let j = 0; j < d; j++) {
    let mean = 0;
    for (let i = 0; i < n; i++) mean += centred[i * d + j];
    mean /= n;
    for (let i = 0; i < n; i++) centred[i * d + j] -= mean;
  }
  const x = input('x', [n, d]);
  const q = input('q', [d, k]);
  const gram = matmul(transpose(x), matmul(x, q));
  let basis = orthonormal(new Rng(seed, 'components').normals(d * k), d, k);
  for (let i = 0; i < 4; i++)
    basis = orthonormal((await evaluate({ y: gram }, { x: centred, q: basis })).y as Float32Array, d, k);
  const scores = (await evaluate({ y: matmul(x, q) }, { x: centred, q: basis })).y as Float32Array;
  let power = 0;
  for (const v of scores) power += v * v;
  const scale = power > 0 ? 1 / Math.sqrt(power / scores.length) : 0;
  return { data: scores.map((v) => v * scale), n, d: k };
}

/** Gram–Schmidt, twice, on the columns of [d, k]. */
function orthonormal(a: Float32Array, d: number, k: number): Float32Array {
  const columns = Array.from({ length: k }, (_, c) => Float64Array.from({ length: d }, (_, r) => a[r * k + c]));
  for (let c = 0; c < k; c++) {
    const v = columns[c];
    for (let pass = 0; pass < 2; pass++)
      for (let p = 0; p < c; p++) {
        const u = columns[p];
        let dot = 0;
        for (let r = 0; r < d; r++) dot += u[r] * v[r];
        for (let r = 0; r < d; r++) v[r] -= dot * u[r];
      }
    const norm = Math.sqrt(v.reduce((s, x) => s + x * x, 0));
    for (let r = 0; r < d; r++) v[r] = norm > 1e-20 ? v[r] / norm : 0;
  }
  return Float32Array.from({ length: d * k }, (_, i) => columns[i % k][(i - (i % k)) / k]);
}
