/**
 * Fast algorithms of a convolution along one axis (Winograd 1980; Lavin and Gray 2016, arXiv 1509.09308). A tile of outputs is
 * `A·((B·x) ⊙ (G·w))`: x the pixels under the tile, w the kernel, ⊙ one product per component.
 *
 * | kernel, stride | outputs a tile | products | direct |
 * |---|---|---|---|
 * | 3, 1 | 4 | 6 | 12 |
 * | 3, 1, short axes | 2 | 4 | 6 |
 * | 3, 2 | 4 | 9 | 12 |
 * | any other | 1 | k | k |
 */

type Rows = readonly (readonly number[])[];

interface Algorithm {
  /** Outputs of a tile. */
  tile: number;
  /** B [products, (tile − 1)·stride + k] */
  input: Rows;
  /** G [products, k] */
  kernel: Rows;
  /** A [tile, products] */
  output: Rows;
}

/** An algorithm laid along an axis. */
export interface Bilinear {
  products: number;
  tile: number;
  tiles: number;
  stride: number;
  padding: number;
  /** Pixels of the input and of the output along the axis. */
  from: number;
  to: number;
  algorithm: Algorithm;
}

/** Four outputs from six points: 0, 1, −1, 2, −2, ∞. */
const F43: Algorithm = {
  tile: 4,
  input: [
    [4, 0, -5, 0, 1, 0],
    [0, -4, -4, 1, 1, 0],
    [0, 4, -4, -1, 1, 0],
    [0, -2, -1, 2, 1, 0],
    [0, 2, -1, -2, 1, 0],
    [0, 4, 0, -5, 0, 1],
  ],
  kernel: [
    [1 / 4, 0, 0],
    [-1 / 6, -1 / 6, -1 / 6],
    [-1 / 6, 1 / 6, -1 / 6],
    [1 / 24, 1 / 12, 1 / 6],
    [1 / 24, -1 / 12, 1 / 6],
    [0, 0, 1],
  ],
  output: [
    [1, 1, 1, 1, 1, 0],
    [0, 1, -1, 2, -2, 0],
    [0, 1, 1, 4, 4, 0],
    [0, 1, -1, 8, -8, 1],
  ],
};

/** Two outputs from four points: 0, 1, −1, ∞. */
const F23: Algorithm = {
  tile: 2,
  input: [
    [1, 0, -1, 0],
    [0, 1, 1, 0],
    [0, -1, 1, 0],
    [0, -1, 0, 1],
  ],
  kernel: [
    [1, 0, 0],
    [1 / 2, 1 / 2, 1 / 2],
    [1 / 2, -1 / 2, 1 / 2],
    [0, 0, 1],
  ],
  output: [
    [1, 1, 1, 0],
    [0, 1, -1, 1],
  ],
};

/** Four outputs of a kernel of two from five points: 0, 1, −1, 2, ∞. */
const F42 = {
  input: [
    [2, -1, -2, 1, 0],
    [0, -2, -1, 1, 0],
    [0, 2, -3, 1, 0],
    [0, -1, 0, 1, 0],
    [0, 2, -1, -2, 1],
  ],
  kernel: [
    [1 / 2, 0],
    [-1 / 2, -1 / 2],
    [-1 / 6, 1 / 6],
    [1 / 6, 1 / 3],
    [0, 1],
  ],
  output: [
    [1, 1, 1, 1, 0],
    [0, 1, -1, 2, 0],
    [0, 1, 1, 4, 0],
    [0, 1, -1, 8, 1],
  ],
};

/** Stride 2: output i reads pixels 2i, 2i + 1, 2i + 2. The even ones meet weights 0 and 2 at stride 1, the odd ones weight 1. */
const STRIDED: Algorithm = {
  tile: 4,
  input: [
    ...F42.input.map((row) => Array.from({ length: 9 }, (_, p) => (p % 2 === 0 ? row[p / 2] : 0))),
    ...[0, 1, 2, 3].map((i) => Array.from({ length: 9 }, (_, p) => (p === 2 * i + 1 ? 1 : 0))),
  ],
  kernel: [...F42.kernel.map(([a, b]) => [a, 0, b]), ...[0, 1, 2, 3].map(() => [0, 1, 0])],
  output: F42.output.map((row, i) => [...row, ...[0, 1, 2, 3].map((j) => (i === j ? 1 : 0))]),
};

/** One output, one product for each of the kernel's weights in `taps`. */
function direct(k: number, taps: readonly number[]): Algorithm {
  const pick = taps.map((t) => Array.from({ length: k }, (_, i) => (i === t ? 1 : 0)));
  return { tile: 1, input: pick, kernel: pick, output: [taps.map(() => 1)] };
}

/** The algorithm for a kernel of `k` at a stride and a padding, along an axis of `from` pixels that become `to`. */
export function bilinear(k: number, stride: number, padding: number, from: number, to: number): Bilinear {
  // Weights that are only ever multiplied with padding are omitted.
  const taps = Array.from({ length: k }, (_, t) => t).filter((t) =>
    Array.from({ length: to }, (_, i) => i * stride + t - padding).some((p) => p >= 0 && p < from),
  );
  let algorithm = direct(k, taps);
  if (k === 3 && stride === 1 && to > 1) algorithm = to > 2 ? F43 : F23;
  if (k === 3 && stride === 2 && to > 2) algorithm = STRIDED;
  const { tile, input } = algorithm;
  return { products: input.length, tile, tiles: Math.ceil(to / tile), stride, padding, from, to, algorithm };
}

/**
 * B along the whole axis, [products · tiles, from]. Rows are ordered by block, component, tile in the block, where a block
 * has `perBlock` tiles.
 */
export function inputMatrix(b: Bilinear, perBlock = b.tiles): Float32Array {
  const { products, tile, tiles, stride, padding, from, algorithm } = b;
  const m = new Float32Array(products * tiles * from);
  for (let t = 0; t < tiles; t++)
    algorithm.input.forEach((weights, u) => {
      const row = (Math.floor(t / perBlock) * products + u) * perBlock + (t % perBlock);
      weights.forEach((v, p) => {
        const pixel = t * tile * stride + p - padding;
        if (pixel >= 0 && pixel < from) m[row * from + pixel] = v;
      });
    });
  return m;
}

/** A for the `perBlock` tiles of a block that has `to` outputs, [to, products · perBlock]. */
export function outputMatrix(b: Bilinear, perBlock = b.tiles, to = b.to): Float32Array {
  const { products, tile, algorithm } = b;
  const wide = products * perBlock;
  const m = new Float32Array(to * wide);
  for (let t = 0; t < perBlock; t++)
    algorithm.output.forEach((weights, p) => {
      const row = t * tile + p;
      if (row < to)
        weights.forEach((v, u) => {
          m[row * wide + u * perBlock + t] = v;
        });
    });
  return m;
}

/** G along both axes, [products of the rows · products of the columns, k · k]. */
export function kernelMatrix(rows: Bilinear, columns: Bilinear): Float32Array {
  return Float32Array.from(
    rows.algorithm.kernel.flatMap((a) =>
      columns.algorithm.kernel.flatMap((b) => a.flatMap((x) => b.map((y) => x * y))),
    ),
  );
}

/** The transpose of a matrix with `rows` rows. */
export function transposed(m: Float32Array, rows: number): Float32Array {
  const columns = m.length / rows;
  return Float32Array.from(m, (_, i) => m[(i % rows) * columns + Math.floor(i / rows)]);
}
