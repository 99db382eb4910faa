/** Floating-point operations of a graph, with the usual count of two per multiply-add. */
import { topological } from './autodiff.js';
import type { ProgramSpec } from './program.js';
import type { Tensor } from './tensor.js';

/**
 * Operations of one run of a program. A convolution counts as a plain sum of products, so that the figure can be compared with other
 * programs; the fast algorithm computes fewer. Every other operator counts one operation per value.
 */
export function flops({ outputs, updates }: ProgramSpec): number {
  const ends = [...Object.values(outputs), ...(updates?.values() ?? [])];
  return topological(ends).reduce((total, t) => total + own(t), 0);
}

function own(t: Tensor): number {
  switch (t.op.name) {
    case 'conv2d':
    case 'conv2dInput':
    case 'conv2dWeight': {
      const { weight, output } = t.attributes as { weight: readonly number[]; output: readonly number[] };
      const [kh, kw, i] = weight;
      return 2 * kh * kw * i * output.reduce((a, b) => a * b, 1);
    }
    case 'matmul':
      return 2 * t.size * t.inputs[0].shape[t.inputs[0].rank - 1];
    case 'input':
    case 'constant':
    case 'reshape':
      return 0;
    default:
      return t.size;
  }
}
