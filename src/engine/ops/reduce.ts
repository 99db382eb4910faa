/** Reductions. Axes may be negative; `keep` leaves reduced axes as 1. */

import { type Op, Tensor } from '../tensor.js';
import { normaliseAxes, reducedShape, reduction, reshape, spread, sum } from './broadcast.js';
import { add, div, exp, mul, sub } from './elementwise.js';

/** `Σ x²` over axes. */
export const sumSquare = reduction('sumSquare', 'ReduceSumSquare', (g, node) =>
  mul(mul(2, node.inputs[0]), spread(g, node)),
);
/** `max x` over axes; carries no gradient. */
export const max = reduction('max', 'ReduceMax');

/** `mean x` over axes. */
export function mean(x: Tensor, axes?: readonly number[], keep = false): Tensor {
  const y = sum(x, axes, keep);
  return div(y, x.size / y.size);
}

const logSumExpOp: Op = {
  name: 'logSumExp',
  vjp: (g, node) => {
    const [x] = node.inputs;
    const { axis } = node.attributes;
    const shape = x.shape.map((d, i) => (i === axis ? 1 : d));
    return [mul(exp(sub(x, reshape(node, shape))), reshape(g, shape))];
  },
  // Subtracting the maximum keeps exp in range.
  lower: (graph, [x], node) => {
    const { axis } = node.attributes;
    const axes = graph.ints([axis]);
    const m = graph.node('ReduceMax', [x, axes], { keepdims: 1 });
    const s = graph.node('ReduceSum', [graph.node('Exp', [graph.node('Sub', [x, m])]), axes], { keepdims: 0 });
    return graph.node('Add', [graph.node('Log', [s]), graph.node('Squeeze', [m, axes])]);
  },
};

/** `ln Σ eˣ` over one axis. */
export function logSumExp(x: Tensor, axis: number): Tensor {
  const [a] = normaliseAxes('logSumExp', x.rank, [axis]);
  return new Tensor(logSumExpOp, [x], { axis: a }, reducedShape(x.shape, [a], false));
}

const softmaxOp: Op = {
  name: 'softmax',
  vjp: (g, y) => [mul(y, sub(g, sum(mul(g, y), [-1], true)))],
  lower: (graph, inputs) => graph.node('Softmax', inputs, { axis: -1 }),
};

/** `eˣ / Σ eˣ` over the last axis. */
export function softmax(x: Tensor): Tensor {
  return new Tensor(softmaxOp, [x], {}, x.shape);
}

const argMaxOp: Op = {
  name: 'argMax',
  lower: (graph, [x], node) => graph.node('ArgMax', [x], { axis: node.attributes.axis, keepdims: 0 }),
};

/** Index of the largest value along the last axis, int64. */
export function argMax(x: Tensor): Tensor {
  return new Tensor(argMaxOp, [x], { axis: x.rank - 1 }, x.shape.slice(0, -1), 'int64');
}

/** `Σ` of a list of equally shaped tensors. */
export function addAll(terms: readonly Tensor[]): Tensor {
  return terms.reduce((a, b) => add(a, b));
}
