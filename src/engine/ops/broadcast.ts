/** Reshaping, broadcasting (NumPy's rules), and reductions: the operators whose gradients are each other. */
import { type Op, type Shape, sameShape, sizeOf, Tensor } from '../tensor.js';

/** Axes as ascending numbers from 0; all axes by default. Throws for an axis outside the rank. */
export function normaliseAxes(name: string, rank: number, axes: readonly number[] | undefined): number[] {
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

/** The shape without `axes`, or with 1 in their places. */
export function reducedShape(shape: Shape, axes: number[], keep: boolean): number[] {
  return shape.flatMap((d, i) => (axes.includes(i) ? (keep ? [1] : []) : [d]));
}

/** The gradient of a sum: repeated over the axes that the sum removed. */
export function spread(g: Tensor, node: Tensor): Tensor {
  const { shape } = node.inputs[0];
  return broadcastTo(reshape(g, reducedShape(shape, node.attributes.axes, true)), shape);
}

/** A reduction operator `name` that ONNX calls `onnx`; without `vjp` it has no gradient. */
export function reduction(name: string, onnx: string, vjp?: (g: Tensor, node: Tensor) => Tensor) {
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

/** Sums a broadcast result back to the shape it came from: the transpose of broadcasting. */
export function sumTo(x: Tensor, shape: Shape): Tensor {
  if (sameShape(x.shape, shape)) return x;
  const lead = x.rank - shape.length;
  const axes = x.shape.flatMap((d, i) => (i < lead || (shape[i - lead] === 1 && d !== 1) ? [i] : []));
  const reduced = sum(x, axes);
  return sizeOf(reduced.shape) === sizeOf(shape) ? reshape(reduced, shape) : broadcastTo(reduced, shape);
}

const reshapeOp: Op = {
  name: 'reshape',
  vjp: (g, node) => [reshape(g, node.inputs[0].shape)],
  lower: (graph, [x], node) => graph.node('Reshape', [x, graph.ints(node.shape)], { allowzero: 1 }),
};

/** The same values in another shape; one dimension may be −1. Throws if the sizes differ. */
export function reshape(x: Tensor, shape: Shape): Tensor {
  const known = shape.reduce((a, d) => (d === -1 ? a : a * d), 1);
  const full = shape.map((d) => (d === -1 ? x.size / known : d));
  if (sizeOf(full) !== x.size) throw new Error(`reshape: [${x.shape}] does not fit into [${shape}]`);
  return sameShape(full, x.shape) ? x : new Tensor(reshapeOp, [x], {}, full, x.dtype);
}

const expandOp: Op = {
  name: 'broadcastTo',
  vjp: (g, node) => [sumTo(g, node.inputs[0].shape)],
  lower: (graph, [x], node) => graph.node('Expand', [x, graph.ints(node.shape)]),
};

/** Repeats axes of length 1 until the shape is reached. */
export function broadcastTo(x: Tensor, shape: Shape): Tensor {
  return sameShape(x.shape, shape) ? x : new Tensor(expandOp, [x], {}, shape, x.dtype);
}
