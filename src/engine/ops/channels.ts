/**
 * Operations per channel, on activations [..., n, c] whose last axis is the channel.
 *
 * A vector [c] is repeated for every image of the batch to [n·c], because operators are several times as fast on rows of that length as
 * on rows of c values.
 */

import type { GraphBuilder } from '../onnx.js';
import { constant, type Op, Tensor } from '../tensor.js';
import { broadcastTo, reshape, sum } from './broadcast.js';
import { add, mul, sub } from './elementwise.js';
import { matmul } from './matmul.js';

/** x as rows of n·c values. */
function rows(x: Tensor): Tensor {
  const [n, c] = x.rank > 2 ? x.shape.slice(-2) : [1, x.shape[x.rank - 1]];
  return reshape(x, [x.size / (n * c), n * c]);
}

/** A vector [c] as [n·c]. */
const repeated = (v: Tensor, length: number) =>
  reshape(broadcastTo(reshape(v, [1, v.size]), [length / v.size, v.size]), [length]);

function channelwise(name: string, f: (x: Tensor, v: Tensor) => Tensor) {
  return (x: Tensor, v: Tensor): Tensor => {
    if (v.rank !== 1 || v.size !== x.shape[x.rank - 1])
      throw new Error(`${name}: [${v.shape}] is not one value for each channel of [${x.shape}]`);
    const wide = rows(x);
    return reshape(f(wide, repeated(v, wide.shape[1])), x.shape);
  };
}

const plusChannels = channelwise('channelAdd', add);

/** Its last input is its value, to which the gradient goes. */
const channelAddOp: Op = {
  name: 'channelAdd',
  vjp: (g) => [null, null, g],
  lower: (graph, [x, v, y], node) => {
    if (!graph.portable || node.rank !== 4) return y;
    const wide = graph.node('Reshape', [v, graph.ints([1, node.shape[3], 1, 1])]);
    return graph.onImages(x, (images) => graph.node('Add', [images, wide]));
  },
};

/** `x + v` for a vector v [c]. */
export function channelAdd(x: Tensor, v: Tensor): Tensor {
  return new Tensor(channelAddOp, [x, v, plusChannels(x, v)], {}, x.shape);
}
/** `x − v` for a vector v [c]. */
export const channelSub = channelwise('channelSub', sub);
const timesChannels = channelwise('channelMul', mul);

/** Its last input is its value. The factor v can be moved out of operators that are linear in x (conv.ts). */
const channelMulOp: Op = {
  name: 'channelMul',
  vjp: (g, node) => {
    const [x, v] = node.inputs;
    return [channelMul(g, v), channelSum(mul(g, x)), null];
  },
  lower: (_graph, inputs) => inputs[2],
};

/** `x · v` for a vector v [c]. */
export function channelMul(x: Tensor, v: Tensor): Tensor {
  return new Tensor(channelMulOp, [x, v, timesChannels(x, v)], {}, x.shape);
}

/** x and v if `t` is their `channelMul`. */
export function factors(t: Tensor): { x: Tensor; v: Tensor } | undefined {
  return t.op === channelMulOp ? { x: t.inputs[0], v: t.inputs[1] } : undefined;
}

const columnSumOp: Op = {
  name: 'columnSum',
  vjp: (g, node) => [broadcastTo(reshape(g, [1, g.size]), node.inputs[0].shape)],
  // A product with ones reads at the speed of memory.
  lower: (graph: GraphBuilder, [x], node) => {
    const [m, n] = node.inputs[0].shape;
    const total = graph.node('MatMul', [graph.floats(new Float32Array(m).fill(1), [1, m]), x]);
    return graph.node('Reshape', [total, graph.ints([n])]);
  },
};

/** `Σ x` of every channel, [..., n, c] → [c]. */
export function channelSum(x: Tensor): Tensor {
  const wide = rows(x);
  const c = x.shape[x.rank - 1];
  const perImage = new Tensor(columnSumOp, [wide], {}, [wide.shape[1]]);
  return sum(reshape(perImage, [perImage.size / c, c]), [0]);
}

/** Its last input is its value, to which the gradient goes. */
const spatialMeanOp: Op = {
  name: 'spatialMean',
  vjp: (g) => [null, g],
  lower: (graph, [x, y]) =>
    graph.portable ? graph.node('Flatten', [graph.node('GlobalAveragePool', [graph.asImages(x)])], { axis: 1 }) : y,
};

/** `mean x` over the first two axes, [h, w, n, c] → [n, c]. */
export function spatialMean(x: Tensor): Tensor {
  const [h, w, n, c] = x.shape;
  const y = reshape(matmul(meanRow(h * w), reshape(x, [h * w, n * c])), [n, c]);
  return new Tensor(spatialMeanOp, [x, y], {}, y.shape);
}

const meanRow = (k: number) => constant(new Float32Array(k).fill(1 / k), [1, k]);
