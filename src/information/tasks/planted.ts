/**
 * Planted information in high dimension, shaped like an image and its representation. Five standard normal columns S are
 * spread over 3 072 columns, X = S·A + 0.05·N, and over 512, T = (S + √ν·ε)·Q, with A, Q fixed random matrices. The twin
 * with nuisance adds fifty stronger columns to X that T knows nothing of: X = S·A + 2·U·B + 0.05·N.
 *
 * X is as good as the least-squares estimate of S from it, S + N(0, C) with C = (A Σ⁻¹ Aᵀ)⁻¹ and Σ the covariance of the
 * rest of X, and T as good as S + √ν·ε, so with W = (I + C)⁻¹
 *   I(X; T) = ½ [5 ln(1 + ν) − ln det((1 + ν)·I − W)],
 * and ν is solved for the information that is wanted: the 0.05 and the nuisance are accounted for, not neglected.
 */
import { Rng } from '../../base/random.js';
import { inverseSpd, logDetSpd } from '../linalg.js';
import type { Task } from './types.js';

const SOURCES = 5;
const PIXELS = 3072;
const FEATURES = 512;
const GRAIN = 0.05;
const NUISANCE = 50;
const NUISANCE_STRENGTH = 2;

interface Structure {
  /** Rows of A [5, 3072], Q [5, 512], B [m, 3072]. */
  a: Float32Array;
  q: Float32Array;
  b: Float32Array;
  m: number;
  /** W, [5, 5]. */
  w: Float64Array;
}

/** M·Nᵀ of M [p, d] and N [q, d] → [p, q]. */
function outer(m: Float32Array, n: Float32Array, p: number, q: number, d: number): Float64Array {
  const out = new Float64Array(p * q);
  for (let i = 0; i < p; i++)
    for (let j = 0; j < q; j++) for (let k = 0; k < d; k++) out[i * q + j] += m[i * d + k] * n[j * d + k];
  return out;
}

function build(m: number): Structure {
  const rng = new Rng(0, 'task', 'planted', m);
  const a = rng.normals(SOURCES * PIXELS, 1 / Math.sqrt(SOURCES));
  const q = rng.normals(SOURCES * FEATURES, 1 / Math.sqrt(SOURCES));
  const b = rng.normals(m * PIXELS, m === 0 ? 0 : NUISANCE_STRENGTH / Math.sqrt(m));
  // A Σ⁻¹ Aᵀ = [A Aᵀ − A Bᵀ (B Bᵀ + grain²·I)⁻¹ B Aᵀ] / grain² (Woodbury).
  const precision = outer(a, a, SOURCES, SOURCES, PIXELS);
  if (m > 0) {
    const inner = outer(b, b, m, m, PIXELS);
    for (let i = 0; i < m; i++) inner[i * m + i] += GRAIN ** 2;
    const middle = inverseSpd(inner, m);
    const cross = outer(a, b, SOURCES, m, PIXELS);
    for (let i = 0; i < SOURCES; i++)
      for (let j = 0; j < SOURCES; j++)
        for (let k = 0; k < m; k++)
          for (let l = 0; l < m; l++)
            precision[i * SOURCES + j] -= cross[i * m + k] * middle[k * m + l] * cross[j * m + l];
  }
  const noise = inverseSpd(
    precision.map((v) => v / GRAIN ** 2),
    SOURCES,
  );
  for (let i = 0; i < SOURCES; i++) noise[i * SOURCES + i] += 1;
  return { a, q, b, m, w: inverseSpd(noise, SOURCES) };
}

function information(w: Float64Array, nu: number): number {
  const rest = w.map((v, i) => (i % (SOURCES + 1) === 0 ? 1 + nu : 0) - v);
  return 0.5 * (SOURCES * Math.log1p(nu) - logDetSpd(rest, SOURCES));
}

/** The ν at which I(X; T) is `nats`, by bisection of ln ν: the information falls as the noise grows. */
function solveNoise(w: Float64Array, nats: number): number {
  let low = Math.log(1e-6);
  let high = Math.log(1e6);
  for (let i = 0; i < 100; i++) {
    const middle = (low + high) / 2;
    if (information(w, Math.exp(middle)) > nats) low = middle;
    else high = middle;
  }
  return Math.exp((low + high) / 2);
}

/** out += coefficients · rows, over `d` columns. */
function addRows(out: Float32Array, coefficients: Float64Array, rows: Float32Array, d: number): void {
  coefficients.forEach((c, r) => {
    for (let k = 0, at = r * d; k < d; k++, at++) out[k] += c * rows[at];
  });
}

/** `nats` of information between 3 072 and 512 columns; the same A, Q and B for every seed. */
export function plantedTask(nats: number, nuisance: boolean): Task {
  const id = `planted${nuisance ? '-nuisance' : ''}-${nats}`;
  let made: { structure: Structure; nu: number } | undefined;
  const make = () => {
    const structure = build(nuisance ? NUISANCE : 0);
    made = { structure, nu: solveNoise(structure.w, nats) };
    return made;
  };
  return {
    id,
    summary: `${nats} nats through five columns hidden in ${PIXELS} and in ${FEATURES}${nuisance ? `, under ${NUISANCE} stronger ones` : ''}`,
    truth: nats,
    truthError: 0,
    sample(n, seed) {
      const { structure, nu } = made ?? make();
      const rng = new Rng(seed, 'task', id);
      const x = rng.normals(n * PIXELS, GRAIN);
      const t = new Float32Array(n * FEATURES);
      const normals = (count: number) => Float64Array.from({ length: count }, () => rng.normal());
      for (let i = 0; i < n; i++) {
        const source = normals(SOURCES);
        const row = x.subarray(i * PIXELS, (i + 1) * PIXELS);
        addRows(row, source, structure.a, PIXELS);
        addRows(row, normals(structure.m), structure.b, PIXELS);
        const seen = source.map((v) => v + Math.sqrt(nu) * rng.normal());
        addRows(t.subarray(i * FEATURES, (i + 1) * FEATURES), seen, structure.q, FEATURES);
      }
      return {
        a: { data: x, n, d: PIXELS, discrete: false },
        b: { data: t, n, d: FEATURES, discrete: false },
      };
    },
  };
}

export const plantedTasks: Task[] = [false, true].flatMap((nuisance) =>
  [0.5, 2, 4].map((nats) => plantedTask(nats, nuisance)),
);
