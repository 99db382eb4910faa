/**
 * Upper bounds of the Lipschitz constants of channels. That of a channel which answers to a trigger is unusually large.
 *
 * Zheng et al., "Data-free Backdoor Removal based on Channel Lipschitzness", ECCV 2022 (arXiv 2208.03111).
 */

import { symmetricEigen } from '../information/linalg.js';

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
    const gram = Float64Array.from({ length: k * k }, (_, p) => {
      let s = 0;
      for (let i = 0; i < inputs; i++) s += at(i, Math.floor(p / k)) * at(i, p % k);
      return s;
    });
    const [largest] = symmetricEigen(gram, k).values;
    return (Math.sqrt(Math.max(0, largest)) * Math.abs(scale[c])) / Math.sqrt(variance[c] + EPSILON);
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
