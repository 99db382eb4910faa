/** T [n, d] in two dimensions, by t-SNE (van der Maaten and Hinton 2008) or UMAP (McInnes, Healy and Melville 2018), with druid.js. */
import { TSNE, UMAP } from '@saehrimnir/druidjs';
import { UserError } from '../base/errors.js';
import type { Matrix } from '../information/columns.js';

/** Methods of `embed`. */
export const embeddingMethods = ['umap', 'tsne'] as const;
/** One of `embeddingMethods`. */
export type EmbeddingMethod = (typeof embeddingMethods)[number];

/** Iterations of each method. */
const ROUNDS = { umap: 350, tsne: 500 };

/** Perplexity and number of neighbours that the authors of the methods use. */
const PERPLEXITY = 30;
const NEIGHBOURS = 15;

/** Fewest points of an embedding: UMAP uses 15 neighbours. */
export const FEWEST_POINTS = 20;

/** Points [n, 2] row-major, centred, with a mean square of 1 per axis; the same for the same seed. Throws `UserError` for fewer than 20. */
export function embed(points: Matrix, method: EmbeddingMethod, seed: number): Float32Array {
  const { n } = points;
  if (n < FEWEST_POINTS) throw new UserError(`embed: ${n} points, at least ${FEWEST_POINTS} are needed`);
  if (method === 'umap') return normalised(umap(points, NEIGHBOURS, 0.1, seed));
  const settings = { perplexity: Math.min(PERPLEXITY, Math.floor((n - 1) / 3)), d: 2, seed };
  return normalised(placed(new TSNE(rowsOf(points), settings).transform(ROUNDS.tsne)));
}

/**
 * UMAP of [n, d] in two dimensions, row-major [n, 2], in its own scale; the same for the same seed. `closest`: how close neighbours may come
 * to lie. Time grows with n².
 */
export function umap(points: Matrix, neighbours: number, closest: number, seed: number): Float32Array {
  const settings = { n_neighbors: Math.min(neighbours, points.n - 1), min_dist: closest, d: 2, seed };
  return placed(new UMAP(rowsOf(points), settings).transform(ROUNDS.umap));
}

const rowsOf = ({ data, n, d }: Matrix) =>
  Array.from({ length: n }, (_, i) => Float64Array.from(data.subarray(i * d, (i + 1) * d)));

/** What druid.js returns as [n, 2], row-major. */
function placed(points: unknown): Float32Array {
  const rows = points as ArrayLike<number>[];
  const out = new Float32Array(2 * rows.length);
  rows.forEach((p, i) => {
    out.set([p[0], p[1]], 2 * i);
  });
  return out;
}

function normalised(points: Float32Array): Float32Array {
  const n = points.length / 2;
  let [x, y, square] = [0, 0, 0];
  for (let i = 0; i < n; i++) {
    x += points[2 * i] / n;
    y += points[2 * i + 1] / n;
  }
  for (let i = 0; i < n; i++) square += (points[2 * i] - x) ** 2 + (points[2 * i + 1] - y) ** 2;
  const scale = Math.sqrt(square / (2 * n)) || 1;
  return points.map((v, i) => (v - (i % 2 === 0 ? x : y)) / scale);
}

/**
 * `points` rotated, and mirrored if that fits better, onto `onto`, the same points at another epoch, by least squares (Kabsch 1976). The
 * axes of an embedding are arbitrary, and without this step figures of neighbouring epochs would rotate.
 */
export function aligned(points: Float32Array, onto: Float32Array): Float32Array {
  let [dot, cross, dotMirrored, crossMirrored] = [0, 0, 0, 0];
  for (let i = 0; i < points.length; i += 2) {
    const [x, y, u, v] = [points[i], points[i + 1], onto[i], onto[i + 1]];
    dot += x * u + y * v;
    cross += x * v - y * u;
    dotMirrored += x * u - y * v;
    crossMirrored += x * v + y * u;
  }
  const mirror = Math.hypot(dotMirrored, crossMirrored) > Math.hypot(dot, cross);
  const angle = mirror ? Math.atan2(crossMirrored, dotMirrored) : Math.atan2(cross, dot);
  const [c, s] = [Math.cos(angle), Math.sin(angle)];
  const out = new Float32Array(points.length);
  for (let i = 0; i < points.length; i += 2) {
    const [x, y] = [points[i], mirror ? -points[i + 1] : points[i + 1]];
    out[i] = c * x - s * y;
    out[i + 1] = s * x + c * y;
  }
  return out;
}
