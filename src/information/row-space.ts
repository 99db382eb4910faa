/**
 * The directions of T that a linear classifier reads. With logits W·T + b, W = U·S·Vᵀ, noise of standard deviation γ on T adds
 * γ²W·Wᵀ to the logits. V_rᵀT/γ contains all information of the logits about T, with noise of covariance 1.
 *
 * Singular values by one-sided Jacobi rotations of W's rows (Hestenes 1958), accurate for small ones too.
 */

/** Singular values below this share of the largest one count as 0: about the rounding error of float32 weights. */
const SMALLEST = 1e-6;

/** V_r as rows, [rank, d], of `weights` [classes, d], largest singular value first. */
export function rowSpace(
  weights: ArrayLike<number>,
  classes: number,
  d: number,
): { basis: Float64Array; rank: number } {
  const rows = Array.from({ length: classes }, (_, r) =>
    Float64Array.from({ length: d }, (_, c) => weights[r * d + c]),
  );
  const dot = (a: Float64Array, b: Float64Array) => {
    let s = 0;
    for (let c = 0; c < d; c++) s += a[c] * b[c];
    return s;
  };
  for (let sweep = 0, turned = true; turned && sweep < 60; sweep++) {
    turned = false;
    for (let p = 0; p < classes; p++)
      for (let q = p + 1; q < classes; q++) {
        const [a, b, g] = [dot(rows[p], rows[p]), dot(rows[q], rows[q]), dot(rows[p], rows[q])];
        if (Math.abs(g) <= 1e-14 * Math.sqrt(a * b)) continue;
        turned = true;
        const zeta = (b - a) / (2 * g);
        const tan = (zeta < 0 ? -1 : 1) / (Math.abs(zeta) + Math.hypot(1, zeta));
        const cos = 1 / Math.hypot(1, tan);
        for (let c = 0; c < d; c++) {
          const [x, y] = [rows[p][c], rows[q][c]];
          rows[p][c] = cos * (x - tan * y);
          rows[q][c] = cos * (tan * x + y);
        }
      }
  }
  const values = rows.map((row) => ({ row, size: Math.sqrt(dot(row, row)) })).sort((x, y) => y.size - x.size);
  const kept = values.filter(({ size }) => size > SMALLEST * values[0].size);
  const basis = new Float64Array(kept.length * d);
  kept.forEach(({ row, size }, r) => {
    basis.set(
      row.map((v) => v / size),
      r * d,
    );
  });
  return { basis, rank: kept.length };
}
