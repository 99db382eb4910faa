/** Elementwise operators with NumPy broadcasting. */
import { asTensor, broadcastShapes, type DType, type Op, type Operand, Tensor } from '../tensor.js';
import { sumTo } from './broadcast.js';

function binary(name: string, onnx: string, vjp: (g: Tensor, a: Tensor, b: Tensor, out: Tensor) => [Tensor, Tensor]) {
  const op: Op = {
    name,
    vjp: (g, node) => {
      const [a, b] = node.inputs;
      const [ga, gb] = vjp(g, a, b, node);
      return [sumTo(ga, a.shape), sumTo(gb, b.shape)];
    },
    lower: (graph, inputs) => graph.node(onnx, inputs),
  };
  return (x: Operand, y: Operand): Tensor => {
    const a = asTensor(x);
    const b = asTensor(y);
    return new Tensor(op, [a, b], {}, broadcastShapes(name, a.shape, b.shape));
  };
}

function unary(name: string, onnx: string, vjp: (g: Tensor, a: Tensor, out: Tensor) => Tensor) {
  const op: Op = {
    name,
    vjp: (g, node) => [vjp(g, node.inputs[0], node)],
    lower: (graph, inputs) => graph.node(onnx, inputs),
  };
  return (x: Operand): Tensor => {
    const a = asTensor(x);
    return new Tensor(op, [a], {}, a.shape);
  };
}

/** `a + b` */
export const add = binary('add', 'Add', (g) => [g, g]);
/** `a − b` */
export const sub = binary('sub', 'Sub', (g) => [g, neg(g)]);
/** `a · b` */
export const mul = binary('mul', 'Mul', (g, a, b) => [mul(g, b), mul(g, a)]);
/** `a / b` */
export const div = binary('div', 'Div', (g, _a, b, out) => [div(g, b), neg(div(mul(g, out), b))]);
/** `max(a, b)`; where both are equal the gradient goes to `a`. */
export const maximum = binary('maximum', 'Max', (g, a, b) => [where(b, a, 0, g), where(b, a, g, 0)]);
/** `min(a, b)`; where both are equal the gradient goes to `a`. */
export const minimum = binary('minimum', 'Min', (g, a, b) => [where(a, b, 0, g), where(a, b, g, 0)]);

/** `−x` */
export const neg = unary('neg', 'Neg', (g) => neg(g));
/** `eˣ` */
export const exp = unary('exp', 'Exp', (g, _x, y) => mul(g, y));
/** `ln x` */
export const log = unary('log', 'Log', (g, x) => div(g, x));
/** `√x` */
export const sqrt = unary('sqrt', 'Sqrt', (g, _x, y) => div(g, mul(2, y)));
/** `tanh x` */
export const tanh = unary('tanh', 'Tanh', (g, _x, y) => mul(g, sub(1, mul(y, y))));
/** `erf x` */
export const erf = unary('erf', 'Erf', (g, x) => mul(g, mul(2 / Math.sqrt(Math.PI), exp(neg(mul(x, x))))));
/** `max(x, 0)` */
export const relu = unary('relu', 'Relu', (g, _x, y) => mul(g, positive(y)));
/** 1 where y > 0, else 0, for y ≥ 0: min(∞·y, 1) in one pass, where a comparison and a selection take ten times as long. */
export const positive = (y: Tensor): Tensor => new Tensor(positiveOp, [y], {}, y.shape);

const positiveOp: Op = {
  name: 'positive',
  lower: (graph, inputs) => graph.node('HardSigmoid', inputs, { alpha: { float: 3e38 }, beta: { float: 0 } }),
};

/** `x·Φ(x)`, Φ the standard normal distribution function (Hendrycks and Gimpel 2016, without approximation). */
export function gelu(x: Tensor): Tensor {
  return mul(x, add(0.5, mul(0.5, erf(mul(x, Math.SQRT1_2)))));
}

const whereOp: Op = {
  name: 'where',
  vjp: (g, node) => {
    const [a, b, x, y] = node.inputs;
    return [null, null, sumTo(where(a, b, g, 0), x.shape), sumTo(where(a, b, 0, g), y.shape)];
  },
  lower: (graph, [a, b, x, y]) => graph.node('Where', [graph.node('Greater', [a, b]), x, y]),
};

/** `a > b ? x : y`, elementwise. */
export function where(a: Operand, b: Operand, x: Operand, y: Operand): Tensor {
  const inputs = [a, b, x, y].map(asTensor);
  const shape = inputs.map((t) => t.shape).reduce((s, t) => broadcastShapes('where', s, t));
  return new Tensor(whereOp, inputs, {}, shape);
}

const castOp: Op = {
  name: 'cast',
  lower: (graph, [x], node) => graph.node('Cast', [x], { to: node.attributes.to }),
};

const ONNX_TYPE: Record<DType, number> = { float32: 1, uint8: 2, int32: 6, int64: 7, bool: 9 };

/** The same values in another type; carries no gradient. */
export function cast(x: Tensor, dtype: DType): Tensor {
  return x.dtype === dtype ? x : new Tensor(castOp, [x], { to: ONNX_TYPE[dtype] }, x.shape, dtype);
}

const equalOp: Op = { name: 'equal', lower: (graph, inputs) => graph.node('Equal', inputs) };

/** `a = b`, a boolean tensor. */
export function equal(a: Tensor, b: Tensor): Tensor {
  return new Tensor(equalOp, [a, b], {}, broadcastShapes('equal', a.shape, b.shape), 'bool');
}

const stopOp: Op = { name: 'stopGradient', lower: (_graph, [x]) => x };

/** The value of `x`, through which no gradient flows. */
export function stopGradient(x: Tensor): Tensor {
  return new Tensor(stopOp, [x], {}, x.shape, x.dtype);
}
