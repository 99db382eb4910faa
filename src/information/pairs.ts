/**
 * The layers of a critic that work on all pairs. Their gradients read and write the large tensors as few times as possible: sums over rows are
 * products with ones, and the slope of a ReLU is the sign of its value.
 */
import { matmul, mul, positive, reshape, sizeOf, sub, transpose } from '../engine/index.js';
import type { GraphBuilder } from '../engine/onnx.js';
import { constant, type Op, Tensor } from '../engine/tensor.js';

const ones = (shape: readonly number[]) => constant(new Float32Array(sizeOf(shape)).fill(1), shape);

/** `Σ x` over the middle axis, [g, n, h] → [g, 1, h]. */
const sumRows = (x: Tensor) => matmul(ones([1, 1, x.shape[1]]), x);

const pairReluOp: Op = {
  name: 'pairRelu',
  vjp: (grad, node) => {
    const [g, m, h] = node.inputs[0].shape;
    const k = node.inputs[1].shape[1];
    const d = mul(grad, positive(node));
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

/** Rows per block of a product's gradient, which stay in the cache of a core. */
const BLOCK = 1024;

/** `xᵀ · y` of many rows, [g, n, h] and [g, n, k] → [g, h, k]. */
function innerProduct(x: Tensor, y: Tensor): Tensor {
  // Summed over blocks of rows: a third faster than in one piece, whose inner dimension is all the pairs.
  const [g, n, h] = x.shape;
  const k = y.shape[2];
  let blocks = Math.max(1, Math.floor(n / BLOCK));
  while (n % blocks !== 0) blocks--;
  const rows = (t: Tensor, d: number) => reshape(t, [g * blocks, n / blocks, d]);
  const parts = matmul(transpose(rows(x, h)), rows(y, k));
  return blocks === 1 ? parts : reshape(sumRows(reshape(parts, [g, blocks, h * k])), [g, h, k]);
}

/** `relu(x · w + bias)`: [g, n, h], [g, h, k], [g, 1, k] → [g, n, k]. */
const hiddenOp: Op = {
  name: 'pairHidden',
  lower: (graph, [x, w, bias]) => graph.node('Relu', [graph.node('Add', [graph.node('MatMul', [x, w]), bias])]),
};

const scoreOp: Op = {
  name: 'pairScore',
  // With m = ds where the ReLU is open: dW = (xᵀ·m)·v and dx = m·(W·v)ᵀ. The last weights v [h] scale the small factor of each
  // product, and no gradient of the hidden layer is formed.
  vjp: (grad, node) => {
    const [x, w, , last] = node.inputs;
    const y = hidden(node.inputs);
    const m = mul(positive(y), grad);
    const v = transpose(last);
    return [
      matmul(m, transpose(mul(w, v))),
      mul(innerProduct(x, m), v),
      mul(sumRows(m), v),
      matmul(transpose(y), grad),
    ];
  },
  lower: (graph, inputs, node) => graph.node('MatMul', [hiddenOp.lower(graph, inputs, hidden(node.inputs)), inputs[3]]),
};

function hidden([x, w, bias]: readonly Tensor[]): Tensor {
  return new Tensor(hiddenOp, [x, w, bias], {}, [...x.shape.slice(0, 2), w.shape[2]]);
}

/** `relu(x · w + bias) · last` for many rows: [g, n, h], [g, h, k], [g, 1, k] and [g, k, 1] → [g, n, 1]. */
export function pairScore(x: Tensor, w: Tensor, bias: Tensor, last: Tensor): Tensor {
  return new Tensor(scoreOp, [x, w, bias, last], {}, [...x.shape.slice(0, 2), 1]);
}

/** The diagonal of each matrix: [g, n, n] → [g, n]. Without a gradient of its own. */
const diagonalOp: Op = { name: 'diagonal', lower: (graph, inputs, node) => diagonalNode(graph, inputs[0], node.shape) };

/** The diagonal as every (n + 1)-th value of the flat matrix, which avoids two passes over all values. */
function diagonalNode(graph: GraphBuilder, x: string, [g, n]: readonly number[]): string {
  const flat = graph.node('Reshape', [x, graph.ints([g, n * n])], { allowzero: 1 });
  return graph.node('Slice', [flat, ...[0, n * n, 1, n + 1].map((v) => graph.ints([v]))]);
}

const softmaxOp: Op = { name: 'softmax', lower: (graph, inputs) => graph.node('Softmax', inputs, { axis: -1 }) };

const logShareOp: Op = {
  name: 'logShare',
  vjp: (grad, node) => {
    const [f] = node.inputs;
    const [g, n] = node.shape;
    const eye = constant(
      Float32Array.from({ length: n * n }, (_, i) => (i % (n + 1) === 0 ? 1 : 0)),
      [1, n, n],
    );
    return [mul(sub(eye, new Tensor(softmaxOp, [f], {}, f.shape)), reshape(grad, [g, n, 1]))];
  },
  lower: (graph, inputs, node) => diagonalNode(graph, graph.node('LogSoftmax', inputs, { axis: -1 }), node.shape),
};

/** Logarithm of the share of the true pair in its row, fᵢᵢ − ln Σⱼ exp fᵢⱼ: [g, n, n] → [g, n]. */
export function logShare(f: Tensor): Tensor {
  return new Tensor(logShareOp, [f], {}, f.shape.slice(0, 2));
}

/** The diagonal of each matrix, without a gradient: [g, n, n] → [g, n]. */
export function diagonal(x: Tensor): Tensor {
  return new Tensor(diagonalOp, [x], {}, x.shape.slice(0, 2));
}
