/**
 * Conversion of weights between PyTorch and the engine. Names are the same. Convolution kernels are [o, i, k, k] in PyTorch and
 * [k, k, i, o] in the engine, whose products then need no transposition.
 */
import { type Shape, sizeOf } from '../engine/index.js';
import type { Parameter } from './layers.js';

/** Values of a parameter in PyTorch's order of axes. */
export interface Weights {
  data: Float32Array;
  shape: Shape;
}

/** Axes of the engine's kernels in PyTorch's order, and the other way round. */
const OUT = [3, 2, 0, 1];
const IN = [2, 3, 1, 0];

/** Axes of a parameter of PyTorch in the engine's order; undefined if the order is the same. */
export const axesOf = ({ kernel }: Parameter): readonly number[] | undefined => (kernel ? IN : undefined);

/** A copy of `data` [shape] with its axes in the order `axes`. */
function permuted(data: Float32Array, shape: Shape, axes: readonly number[]): Float32Array {
  const strides = shape.map((_, a) => sizeOf(shape.slice(a + 1)));
  const [n, m, k, l] = axes.map((a) => shape[a]);
  const [sn, sm, sk, sl] = axes.map((a) => strides[a]);
  const out = new Float32Array(data.length);
  let at = 0;
  for (let a = 0; a < n; a++)
    for (let b = 0; b < m; b++)
      for (let c = 0; c < k; c++)
        for (let d = 0, from = a * sn + b * sm + c * sk; d < l; d++, from += sl) out[at++] = data[from];
  return out;
}

/** Shape of a parameter in PyTorch. */
export function torchShape({ kernel, tensor: { shape } }: Parameter): Shape {
  return kernel ? OUT.map((a) => shape[a]) : shape;
}

/** Values of a parameter from the engine's order to PyTorch's. */
export function toTorch(p: Parameter, values: Float32Array): Weights {
  return { shape: torchShape(p), data: p.kernel ? permuted(values, p.tensor.shape, OUT) : values };
}

/** Values of a parameter from PyTorch's order to the engine's. */
export function fromTorch(p: Parameter, values: Float32Array): Float32Array {
  return p.kernel ? permuted(values, torchShape(p), IN) : values.slice();
}
