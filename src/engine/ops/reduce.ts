/** Reductions. Axes may be negative; `keep` leaves reduced axes as 1. */
import { type Op, type Shape, sameShape, sizeOf, Tensor } from '../tensor.js';
import { add, div, exp, mul, sub } from './elementwise.js';
import { broadcastTo, reshape } from './shape.js';

function normaliseAxes(name: string, rank: number, axes: readonly number[] | undefined): number[] {
  const list = axes ?? Array.from({ length: rank }, (_, i) => i);
  return [
    ...new Set(
      list.map((a) => {
        const axis = a < 0 ? a + rank : a;
        if (axis < 0 || axis >= rank) throw new Error(`${name}: axis ${a} is outside a tensor of rank ${rank}`);
        return axis;
      }),
    ),
  ].sort((a, b) => a - b);
}

function reducedShape(shape: Shape, axes: number[], keep: boolean): number[] {
  return shape.flatMap((d, i) => (axes.includes(i) ? (keep ? [1] : []) : [d]));
}

/** The gradient of a reduction, spread back over the axes it removed. */
function spread(g: Tensor, node: Tensor): Tensor {
  const { shape } = node.inputs[0];
  return broadcastTo(reshape(g, reducedShape(shape, node.attributes.axes, true)), shape);
}

function reduction(name: string, onnx: string, vjp?: (g: Tensor, node: Tensor) => Tensor) {
  const op: Op = {
    name,
    vjp: vjp && ((g, node) => [vjp(g, node)]),
    lower: (graph, [x], node) =>
      graph.node(onnx, [x, graph.ints(node.attributes.axes)], { keepdims: node.attributes.keep ? 1 : 0 }),
  };
  return (x: Tensor, axes?: readonly number[], keep = false): Tensor => {
    const a = normaliseAxes(name, x.rank, axes);
    if (a.length === 0) return x;
    return new Tensor(op, [x], { axes: a, keep }, reducedShape(x.shape, a, keep));
  };
}

/** `Σ x` over axes. */
export const sum = reduction('sum', 'ReduceSum', spread);
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

/** Sums a broadcast result back to the shape it came from: the transpose of broadcasting. */
export function sumTo(x: Tensor, shape: Shape): Tensor {
  if (sameShape(x.shape, shape)) return x;
  const lead = x.rank - shape.length;
  const axes = x.shape.flatMap((d, i) => (i < lead || (shape[i - lead] === 1 && d !== 1) ? [i] : []));
  const reduced = sum(x, axes);
  return sizeOf(reduced.shape) === sizeOf(shape) ? reshape(reduced, shape) : broadcastTo(reduced, shape);
}

/** `Σ` of a list of equally shaped tensors. */
export function addAll(terms: readonly Tensor[]): Tensor {
  return terms.reduce((a, b) => add(a, b));
}
