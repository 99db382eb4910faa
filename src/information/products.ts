/**
 * Inner products of many rows with one set of points, A·Tᵀ in double precision, by a small WebAssembly kernel with 128-bit vectors. It is about
 * three times as fast as the same loops in JavaScript. Single precision would be twice as fast again, but its rounding errors reach the
 * size of the result if clusters of points are thousands of noise deviations apart.
 */
import { leb, section, text } from './distances.js';

const ROWS = 4;
/** Points side by side in memory: two vectors of two doubles. */
const PANEL = 4;
const VECTORS = PANEL / 2;

/**
 * The module: imports memory `m.m`, exports `f(a, stride, aEnd, b, bEnd, out, outStride)`, which writes to `out` the products of the rows from `a` to `aEnd`
 * (ROWS at a time, each `stride` bytes long) with the panels from `b` to `bEnd`, each [d, PANEL]. The rows of `out` are `outStride` bytes long.
 */
function kernelBytes(): Uint8Array<ArrayBuffer> {
  const [a, stride, aEnd, b, bEnd, out, outStride] = [0, 1, 2, 3, 4, 5, 6];
  // Further locals: the end of the first row, the places in the panels and in the row of `out`, where the next sums go, the row pointers; then vectors.
  const [end, at, to, next] = [7, 8, 9, 10];
  const pointer = (r: number) => 11 + r;
  const vectors = 11 + ROWS;
  const sum = (r: number, v: number) => vectors + r * VECTORS + v;
  const right = (v: number) => vectors + ROWS * VECTORS + v;
  const left = vectors + ROWS * VECTORS + VECTORS;
  const get = (local: number) => [0x20, ...leb(local)];
  const set = (local: number) => [0x21, ...leb(local)];
  const i32Add = 0x6a;
  const simd = (op: number) => [0xfd, ...leb(op)];
  const [load, store, loadSplat] = [0, 11, 10].map(simd);
  const [addVectors, multiply] = [0xf0, 0xf2].map(simd);
  const zero = [...simd(12), ...new Array(16).fill(0)];
  const plus = (local: number, bytes: number) => [...get(local), 0x41, ...leb(bytes), i32Add, ...set(local)];
  const loop = [0x03, 0x40];
  const while_ = (local: number, limit: number) => [...get(local), ...get(limit), 0x49, 0x0d, 0, 0x0b]; // i32.lt_u, br_if, end
  const code: number[] = [...loop];
  code.push(...get(a), ...get(stride), i32Add, ...set(end), ...get(b), ...set(at), ...get(out), ...set(to));
  code.push(...loop);
  for (let r = 0; r < ROWS; r++)
    code.push(...(r === 0 ? get(a) : [...get(pointer(r - 1)), ...get(stride), i32Add]), ...set(pointer(r)));
  for (let r = 0; r < ROWS; r++) for (let v = 0; v < VECTORS; v++) code.push(...zero, ...set(sum(r, v)));
  code.push(...loop);
  for (let v = 0; v < VECTORS; v++) code.push(...get(at), ...load, 4, ...leb(16 * v), ...set(right(v)));
  for (let r = 0; r < ROWS; r++) {
    code.push(...get(pointer(r)), ...loadSplat, 3, 0, ...set(left));
    for (let v = 0; v < VECTORS; v++)
      code.push(...get(left), ...get(right(v)), ...multiply, ...get(sum(r, v)), ...addVectors, ...set(sum(r, v)));
    code.push(...plus(pointer(r), 8));
  }
  code.push(...plus(at, 8 * PANEL), ...while_(pointer(0), end));
  code.push(...get(to), ...set(next));
  for (let r = 0; r < ROWS; r++) {
    for (let v = 0; v < VECTORS; v++) code.push(...get(next), ...get(sum(r, v)), ...store, 3, ...leb(16 * v));
    code.push(...get(next), ...get(outStride), i32Add, ...set(next));
  }
  code.push(...plus(to, 8 * PANEL), ...while_(at, bEnd));
  for (let r = 0; r < ROWS; r++) code.push(...get(out), ...get(outStride), i32Add, ...set(out));
  // The last row's pointer stands behind it: where the next rows begin.
  code.push(...get(pointer(ROWS - 1)), ...set(a), ...while_(a, aEnd));
  const locals = [2, ...leb(4 + ROWS), 0x7f, ...leb(left - vectors + 1), 0x7b];
  const body = [...locals, ...code, 0x0b];
  return Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [1, 0x60, 7, ...new Array(7).fill(0x7f), 0]),
    ...section(2, [1, ...text('m'), ...text('m'), 2, 0, 1]),
    ...section(3, [1, 0]),
    ...section(7, [1, ...text('f'), 0, 0]),
    ...section(10, [1, ...leb(body.length), ...body]),
  ]);
}

const module = new WebAssembly.Module(kernelBytes());

/** Products with fixed points. Rows to multiply go into `rows`; `multiply` fills `out`. */
export interface Products {
  /** [capacity, d], to be filled by the caller. */
  rows: Float64Array;
  /** [capacity, width]: entry (r, j) is row r times point j; columns from n on are 0. */
  out: Float64Array;
  width: number;
  /** Multiplies the first `count` of `rows` with all points. */
  multiply(count: number): void;
  /** Leaves the memory to further products; `rows` and `out` must not be used afterwards. */
  release(): void;
}

/** Memory of products that are no longer used, with its kernel: a new one for each of thousands of small products costs more than the products. */
const unused: { memory: WebAssembly.Memory; kernel: (...addresses: number[]) => void }[] = [];
const PAGE = 65536;

function memoryOf(bytes: number): (typeof unused)[number] {
  const pages = Math.ceil(bytes / PAGE);
  const kept = unused.pop();
  if (kept) {
    const lacking = pages - kept.memory.buffer.byteLength / PAGE;
    if (lacking > 0) kept.memory.grow(lacking);
    return kept;
  }
  const memory = new WebAssembly.Memory({ initial: pages });
  const { f } = new WebAssembly.Instance(module, { m: { m: memory } }).exports;
  return { memory, kernel: f as (...addresses: number[]) => void };
}

/** Prepares products with `points` [n, d] for up to `most` rows at a time. */
export function productsWith(points: Float64Array, n: number, d: number, most: number): Products {
  const width = Math.ceil(n / PANEL) * PANEL;
  const capacity = Math.ceil(most / ROWS) * ROWS;
  const rowsAt = 8 * width * d;
  const outAt = rowsAt + 8 * capacity * d;
  const taken = memoryOf(outAt + 8 * capacity * width);
  const { memory, kernel } = taken;
  const panels = new Float64Array(memory.buffer, 0, width * d).fill(0);
  for (let j = 0; j < n; j++) {
    const at = (j - (j % PANEL)) * d + (j % PANEL);
    for (let c = 0; c < d; c++) panels[at + c * PANEL] = points[j * d + c];
  }
  const stride = 8 * d;
  const multiply = (count: number) => kernel(rowsAt, stride, rowsAt + count * stride, 0, rowsAt, outAt, 8 * width);
  return {
    rows: new Float64Array(memory.buffer, rowsAt, capacity * d),
    out: new Float64Array(memory.buffer, outAt, capacity * width),
    width,
    multiply,
    release: () => void unused.push(taken),
  };
}

/** Products of all pairs of rows [n, d], [n, n]. Twice as fast as `crossProduct` of linalg.ts where n is small beside d. */
export function gram(rows: Float64Array, n: number, d: number): Float64Array {
  const products = productsWith(rows, n, d, n);
  products.rows.set(rows);
  products.multiply(n);
  const out = new Float64Array(n * n);
  for (let i = 0; i < n; i++) out.set(products.out.subarray(i * products.width, i * products.width + n), i * n);
  products.release();
  return out;
}
