/**
 * Upper bounds of the Lipschitz constants of channels. A channel that answers to a trigger stands out by them.
 *
 * Zheng et al., "Data-free Backdoor Removal based on Channel Lipschitzness", ECCV 2022 (arXiv 2208.03111).
 */

/** A convolution and the batch norm after it, in PyTorch's layout. */
export interface NormalisedConvolution {
  /** Kernel, [out, in, k, k]. */
  kernel: { data: ArrayLike<number>; shape: readonly number[] };
  /** γ and the running variance of the batch norm, [out]. */
  scale: ArrayLike<number>;
  variance: ArrayLike<number>;
}

/** What batch norm adds to a variance. */
const EPSILON = 1e-5;

/**
 * The bound of each channel, [out]: the largest singular value of its kernel, read as a matrix [in, k·k], times |γ|/σ of the batch norm.
 */
export function channelBounds({ kernel, scale, variance }: NormalisedConvolution): Float64Array {
  const [out, inputs, ...window] = kernel.shape;
  const k = window.reduce((a, b) => a * b, 1);
  return Float64Array.from({ length: out }, (_, c) => {
    const at = (i: number, j: number) => kernel.data[(c * inputs + i) * k + j];
    const gram = Array.from({ length: k }, (_, a) =>
      Float64Array.from({ length: k }, (_, b) => {
        let s = 0;
        for (let i = 0; i < inputs; i++) s += at(i, a) * at(i, b);
        return s;
      }),
    );
    return (Math.sqrt(largestEigenvalue(gram)) * Math.abs(scale[c])) / Math.sqrt(variance[c] + EPSILON);
  });
}

/**
 * UCLC: the largest of all bounds, each in standard deviations (n − 1) from the mean of its layer. Lower is stealthier. Null for a network
 * without a batch norm right after a convolution.
 */
export function uclc(layers: readonly Float64Array[]): number | null {
  const all = layers.flatMap((bounds) => {
    const mean = bounds.reduce((a, b) => a + b, 0) / bounds.length;
    const squares = bounds.reduce((s, v) => s + (v - mean) ** 2, 0);
    const deviation = Math.sqrt(squares / (bounds.length - 1));
    return deviation > 0 ? [...bounds].map((v) => (v - mean) / deviation) : [];
  });
  return all.length > 0 ? Math.max(...all) : null;
}

/** The largest eigenvalue of a symmetric matrix, which is overwritten (Jacobi's rotations). */
function largestEigenvalue(m: Float64Array[]): number {
  const d = m.length;
  for (let sweep = 0; sweep < 60; sweep++) {
    let off = 0;
    let scale = 0;
    for (let i = 0; i < d; i++)
      for (let j = 0; j < d; j++) {
        if (i !== j) off += m[i][j] ** 2;
        scale += m[i][j] ** 2;
      }
    if (off <= 1e-24 * scale) break;
    for (let p = 0; p < d; p++) for (let q = p + 1; q < d; q++) rotate(m, p, q);
  }
  return m.reduce((most, row, i) => Math.max(most, row[i]), 0);
}

/** Makes the entries (p, q) and (q, p) 0. */
function rotate(m: Float64Array[], p: number, q: number) {
  if (m[p][q] === 0) return;
  const theta = (m[q][q] - m[p][p]) / (2 * m[p][q]);
  const t = (theta >= 0 ? 1 : -1) / (Math.abs(theta) + Math.hypot(theta, 1));
  const c = 1 / Math.hypot(t, 1);
  const s = t * c;
  for (let i = 0; i < m.length; i++) {
    const [a, b] = [m[i][p], m[i][q]];
    m[i][p] = c * a - s * b;
    m[i][q] = s * a + c * b;
  }
  for (let i = 0; i < m.length; i++) {
    const [a, b] = [m[p][i], m[q][i]];
    m[p][i] = c * a - s * b;
    m[q][i] = s * a + c * b;
  }
}
