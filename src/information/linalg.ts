/** Dense linear algebra in double precision, row-major, for matrices of up to a few thousand columns. */

/** Aᵀ·B of A [n, p] and B [n, q] → [p, q]; for A = B only half of it is computed. */
export function crossProduct(a: Float64Array, b: Float64Array, n: number, p: number, q: number): Float64Array {
  const out = new Float64Array(p * q);
  const symmetric = a === b;
  let i = 0;
  for (; i + 4 <= n; i += 4) {
    const b0 = i * q;
    const b1 = b0 + q;
    const b2 = b1 + q;
    const b3 = b2 + q;
    for (let r = 0; r < p; r++) {
      const x0 = a[i * p + r];
      const x1 = a[(i + 1) * p + r];
      const x2 = a[(i + 2) * p + r];
      const x3 = a[(i + 3) * p + r];
      const o = r * q;
      for (let c = symmetric ? r : 0; c < q; c++)
        out[o + c] += x0 * b[b0 + c] + x1 * b[b1 + c] + x2 * b[b2 + c] + x3 * b[b3 + c];
    }
  }
  for (; i < n; i++) {
    for (let r = 0; r < p; r++) {
      const x = a[i * p + r];
      for (let c = 0; c < q; c++) out[r * q + c] += x * b[i * q + c];
    }
  }
  if (symmetric) for (let r = 0; r < p; r++) for (let c = 0; c < r; c++) out[r * q + c] = out[c * q + r];
  return out;
}

/** Lower Cholesky factor of a symmetric [d, d]; null if it is not positive definite. */
export function cholesky(matrix: Float64Array, d: number): Float64Array | null {
  const l = new Float64Array(d * d);
  for (let i = 0; i < d; i++) {
    for (let j = 0; j <= i; j++) {
      let s = matrix[i * d + j];
      for (let k = 0; k < j; k++) s -= l[i * d + k] * l[j * d + k];
      if (i === j) {
        if (!(s > 0)) return null;
        l[i * d + i] = Math.sqrt(s);
      } else l[i * d + j] = s / l[j * d + j];
    }
  }
  return l;
}

/** Lower Cholesky factor of a covariance [d, d] with a ridge of `share` of its mean variance, which makes it positive definite; the ridge is added in place. */
export function ridgedFactor(covariance: Float64Array, d: number, share: number): Float64Array {
  let variance = 0;
  for (let j = 0; j < d; j++) variance += covariance[j * d + j] / d;
  for (let j = 0; j < d; j++) covariance[j * d + j] += share * variance + 1e-12;
  return cholesky(covariance, d)!;
}

/** ln det of the matrix whose lower Cholesky factor is `l`. */
export function logDet(l: Float64Array, d: number): number {
  let s = 0;
  for (let i = 0; i < d; i++) s += 2 * Math.log(l[i * d + i]);
  return s;
}

/** Solves L·x = b in place for the row `at` of `rows` [n, d], whose numbers before column `from` are 0. */
export function forwardSolve(l: Float64Array, d: number, rows: Float64Array, at = 0, from = 0): void {
  const o = at * d;
  for (let i = from; i < d; i++) {
    let s = rows[o + i];
    for (let k = from; k < i; k++) s -= l[i * d + k] * rows[o + k];
    rows[o + i] = s / l[i * d + i];
  }
}

/** Solves Lᵀ·x = b in place for the row `at` of `rows` [n, d]. */
export function backSolve(l: Float64Array, d: number, rows: Float64Array, at = 0): void {
  const o = at * d;
  for (let i = d - 1; i >= 0; i--) {
    const v = rows[o + i] / l[i * d + i];
    rows[o + i] = v;
    for (let k = 0; k < i; k++) rows[o + k] -= l[i * d + k] * v;
  }
}

/** [rows, columns] → [columns, rows]. */
export function transpose(matrix: Float64Array, rows: number, columns: number): Float64Array {
  const out = new Float64Array(matrix.length);
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) out[j * rows + i] = matrix[i * columns + j];
  return out;
}

/** ln det of a symmetric matrix; NaN if it is not positive definite. */
export function logDetSpd(matrix: Float64Array, d: number): number {
  const l = cholesky(matrix, d);
  return l ? logDet(l, d) : Number.NaN;
}

/** Inverse of a symmetric positive definite [d, d]: (L⁻¹)ᵀ·L⁻¹. */
export function inverseSpd(matrix: Float64Array, d: number): Float64Array {
  const l = cholesky(matrix, d);
  if (!l) throw new Error(`a ${d}×${d} matrix that must be positive definite is not`);
  return innerProducts(inverseColumns(l, d), d);
}

/** The columns of L⁻¹ as rows, [d, d]: row i is L⁻¹·eᵢ, whose numbers before column i are 0. */
export function inverseColumns(l: Float64Array, d: number): Float64Array {
  const columns = new Float64Array(d * d);
  for (let i = 0; i < d; i++) {
    columns[i * d + i] = 1;
    forwardSolve(l, d, columns, i, i);
  }
  return columns;
}

/** Products of all pairs of the rows of `inverseColumns`, [d, d]: the inverse of L·Lᵀ. */
export function innerProducts(columns: Float64Array, d: number): Float64Array {
  const out = new Float64Array(d * d);
  for (let i = 0; i < d; i++)
    for (let j = 0; j <= i; j++) {
      let s = 0;
      for (let k = i; k < d; k++) s += columns[i * d + k] * columns[j * d + k];
      out[i * d + j] = s;
      out[j * d + i] = s;
    }
  return out;
}

/**
 * Cholesky factor with complete pivoting (LAPACK's `pstrf`). It selects the columns that are not linear functions of columns selected before,
 * within `tolerance` of their own variance. Returns the columns in the order of selection, and the lower factor of their covariance,
 * [rank, rank].
 */
export function pivotedCholesky(
  matrix: Float64Array,
  d: number,
  tolerance: number,
): { columns: Int32Array; factor: Float64Array } {
  const columns: number[] = [];
  const left = Float64Array.from({ length: d }, (_, i) => matrix[i * d + i]);
  const floor = left.map((v) => v * tolerance);
  const taken = new Uint8Array(d);
  // rows[c] holds column c's coordinates on the pivots chosen so far.
  const rows = Array.from({ length: d }, () => new Float64Array(16));
  for (;;) {
    let pivot = -1;
    for (let c = 0; c < d; c++) if (!taken[c] && left[c] > floor[c] && (pivot < 0 || left[c] > left[pivot])) pivot = c;
    if (pivot < 0) break;
    const r = columns.length;
    const root = Math.sqrt(left[pivot]);
    const p = rows[pivot];
    for (let c = 0; c < d; c++) {
      if (taken[c]) continue;
      let row = rows[c];
      if (row.length <= r) {
        rows[c] = new Float64Array(Math.min(d, 2 * r));
        rows[c].set(row);
        row = rows[c];
      }
      let s = matrix[c * d + pivot];
      for (let k = 0; k < r; k++) s -= row[k] * p[k];
      row[r] = c === pivot ? root : s / root;
      left[c] -= row[r] * row[r];
    }
    taken[pivot] = 1;
    columns.push(pivot);
  }
  const rank = columns.length;
  const factor = new Float64Array(rank * rank);
  for (let i = 0; i < rank; i++) factor.set(rows[columns[i]].subarray(0, i + 1), i * rank);
  return { columns: Int32Array.from(columns), factor };
}

/** Sweeps of `symmetricEigen`. It converges quadratically, in about ten. */
const SWEEPS = 60;

/**
 * Eigenvalues of a symmetric [d, d] in descending order, [d], and its eigenvectors as the rows of [d, d] in the same order, by cyclic
 * Jacobi rotations (Golub and Van Loan, Section 8.5). The sign of a vector is arbitrary.
 */
export function symmetricEigen(matrix: Float64Array, d: number): { values: Float64Array; vectors: Float64Array } {
  const a = matrix.slice();
  const v = new Float64Array(d * d);
  for (let i = 0; i < d; i++) v[i * d + i] = 1;
  const floor = 1e-15 * Math.sqrt(a.reduce((s, x) => s + x * x, 0));
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    let rotated = false;
    for (let p = 0; p < d; p++)
      for (let q = p + 1; q < d; q++) {
        const off = a[p * d + q];
        if (Math.abs(off) <= floor / d) continue;
        rotated = true;
        const theta = (a[q * d + q] - a[p * d + p]) / (2 * off);
        const t = (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.hypot(theta, 1));
        const [diagonalP, diagonalQ] = [a[p * d + p] - t * off, a[q * d + q] + t * off];
        const c = 1 / Math.hypot(t, 1);
        rotate(a, d, p, q, c, t * c);
        rotate(v, d, p, q, c, t * c);
        a[p * d + p] = diagonalP;
        a[q * d + q] = diagonalQ;
        a[p * d + q] = 0;
        a[q * d + p] = 0;
        for (let k = 0; k < d; k++) {
          a[k * d + p] = a[p * d + k];
          a[k * d + q] = a[q * d + k];
        }
      }
    if (!rotated) break;
  }
  const order = Array.from({ length: d }, (_, i) => i).sort((i, j) => a[j * d + j] - a[i * d + i]);
  const vectors = new Float64Array(d * d);
  order.forEach((from, to) => {
    vectors.set(v.subarray(from * d, (from + 1) * d), to * d);
  });
  return { values: Float64Array.from(order, (i) => a[i * d + i]), vectors };
}

/** Rows p and q of [d, d] turned into c·p − s·q and s·p + c·q, in place. */
function rotate(rows: Float64Array, d: number, p: number, q: number, c: number, s: number): void {
  for (let k = 0; k < d; k++) {
    const x = rows[p * d + k];
    const y = rows[q * d + k];
    rows[p * d + k] = c * x - s * y;
    rows[q * d + k] = s * x + c * y;
  }
}
