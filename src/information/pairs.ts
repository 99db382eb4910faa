/**
 * The layers of a critic that work on all pairs, with gradients that read and write the large tensors as few times as
 * possible: sums over rows are products with ones, and the slope of a ReLU is the sign of its value.
 */
import { matmul, mul, reshape } from '../engine/index.js';
import { constant, type Op, Tensor } from '../engine/tensor.js';

const ones = (shape: readonly number[]) =>
  constant(new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(1), shape);

const signOp: Op = { name: 'sign', lower: (graph, inputs) => graph.node('Sign', inputs) };

/** `grad` where the ReLU's value `y` is positive, 0 elsewhere. */
const throughRelu = (grad: Tensor, y: Tensor) => mul(grad, new Tensor(signOp, [y], {}, y.shape));

/** `Σ x` over the middle axis, [g, n, h] → [g, 1, h]. */
const sumRows = (x: Tensor) => matmul(ones([1, 1, x.shape[1]]), x);

const pairReluOp: Op = {
  name: 'pairRelu',
  vjp: (grad, node) => {
    const [g, m, h] = node.inputs[0].shape;
    const k = node.inputs[1].shape[1];
    const d = throughRelu(grad, node);
    const left = reshape(sumRows(reshape(d, [g * m, k, h])), [g, m, h]);
    const right = reshape(sumRows(reshape(d, [g, m, k * h])), [g, k, h]);
    return [left, right];
  },
  lower: (graph, [left, right], node) => {
    const [g, m, h] = node.inputs[0].shape;
    const k = node.inputs[1].shape[1];
    const to = (x: string, shape: number[]) => graph.node('Reshape', [x, graph.ints(shape)]);
    const pairs = graph.node('Add', [to(left, [g, m, 1, h]), to(right, [g, 1, k, h])]);
    return to(graph.node('Relu', [pairs]), [g, m * k, h]);
  },
};

/** `relu(leftᵢ + rightⱼ)` for all pairs: [g, m, h] and [g, k, h] → [g, m·k, h]. */
export function pairRelu(left: Tensor, right: Tensor): Tensor {
  const [g, m, h] = left.shape;
  return new Tensor(pairReluOp, [left, right], {}, [g, m * right.shape[1], h]);
}

const biasReluOp: Op = {
  name: 'biasRelu',
  vjp: (grad, node) => {
    const d = throughRelu(grad, node);
    return [d, sumRows(d)];
  },
  lower: (graph, inputs) => graph.node('Relu', [graph.node('Add', inputs)]),
};

/** `relu(x + bias)`: [g, n, h] and [g, 1, h] → [g, n, h]. */
export function biasRelu(x: Tensor, bias: Tensor): Tensor {
  return new Tensor(biasReluOp, [x, bias], {}, x.shape);
}
