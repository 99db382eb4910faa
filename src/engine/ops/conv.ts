/**
 * Two-dimensional convolution (cross-correlation), NCHW, square stride and padding, and its two transposes:
 *
 *   y  = conv2d(x, w)             x [n, i, h, w], w [o, i, k, k] → y [n, o, h′, w′], h′ = ⌊(h + 2p − k) / s⌋ + 1
 *   dx = conv2dInput(dy, w)       linear in dy and w, the transpose of conv2d in x
 *   dw = conv2dWeight(x, dy)      linear in x and dy, the transpose of conv2d in w
 *
 * Each is bilinear, so each one's gradients are the other two.
 */
import type { GraphBuilder } from '../onnx.js';
import { type Op, type Shape, Tensor } from '../tensor.js';

interface ConvAttributes {
  stride: number;
  padding: number;
  /** [o, i, k, k] */
  weight: Shape;
  /** [n, i, h, w] */
  input: Shape;
}

const spatial = (a: ConvAttributes) => ({
  kernel_shape: a.weight.slice(2),
  strides: [a.stride, a.stride],
  pads: [a.padding, a.padding, a.padding, a.padding],
});

const convOp: Op = {
  name: 'conv2d',
  vjp: (g, node) => {
    const [x, w] = node.inputs;
    return [inputGradient(g, w, node.attributes), weightGradient(x, g, node.attributes)];
  },
  lower: (graph, inputs, node) => graph.node('Conv', inputs, spatial(node.attributes)),
};

/** `conv2d(x, w)`: x [n, i, h, w], w [o, i, k, k]. */
export function conv2d(x: Tensor, w: Tensor, stride = 1, padding = 0): Tensor {
  const [n, i, h, wd] = x.shape;
  const [o, i2, kh, kw] = w.shape;
  if (x.rank !== 4 || w.rank !== 4 || i !== i2)
    throw new Error(`conv2d: weights [${w.shape}] do not fit an input of [${x.shape}]`);
  const out = (size: number, k: number) => Math.floor((size + 2 * padding - k) / stride) + 1;
  const attributes: ConvAttributes = { stride, padding, weight: w.shape, input: x.shape };
  return new Tensor(convOp, [x, w], attributes, [n, o, out(h, kh), out(wd, kw)]);
}

/** [o, i, k, k] → [i, o, k, k] with the kernel turned by 180°. */
function flipped(graph: GraphBuilder, w: string, [o, i, kh, kw]: Shape): string {
  const swapped = graph.node('Transpose', [w], { perm: [1, 0, 2, 3] });
  if (kh * kw === 1) return swapped;
  const flat = graph.node('Reshape', [swapped, graph.ints([i, o, kh * kw])]);
  const turned = graph.node('Gather', [flat, graph.ints(Array.from({ length: kh * kw }, (_, k) => kh * kw - 1 - k))], {
    axis: 2,
  });
  return graph.node('Reshape', [turned, graph.ints([i, o, kh, kw])]);
}

const inputGradientOp: Op = {
  name: 'conv2dInput',
  vjp: (g, node) => {
    const [dy, w] = node.inputs;
    const a: ConvAttributes = node.attributes;
    return [conv2d(g, w, a.stride, a.padding), weightGradient(g, dy, a)];
  },
  lower: (graph, [dy, w], node) => {
    const a: ConvAttributes = node.attributes;
    const [, , kh, kw] = a.weight;
    // With stride 1 the transpose is itself a convolution, which is faster than ConvTranspose.
    if (a.stride === 1) {
      const p = kh - 1 - a.padding;
      return graph.node('Conv', [dy, flipped(graph, w, a.weight)], { kernel_shape: [kh, kw], pads: [p, p, p, p] });
    }
    const rest = [2, 3].map((d) => a.input[d] + 2 * a.padding - a.weight[d] - (node.inputs[0].shape[d] - 1) * a.stride);
    return graph.node('ConvTranspose', [dy, w], { ...spatial(a), output_padding: rest });
  },
};

function inputGradient(dy: Tensor, w: Tensor, a: ConvAttributes): Tensor {
  return new Tensor(inputGradientOp, [dy, w], a, a.input);
}

const weightGradientOp: Op = {
  name: 'conv2dWeight',
  vjp: (g, node) => {
    const [x, dy] = node.inputs;
    const a: ConvAttributes = node.attributes;
    return [inputGradient(dy, g, a), conv2d(x, g, a.stride, a.padding)];
  },
  // Patches by a convolution with one-hot kernels ([n, i·k·k, p]), then dw = Σₙ dy[n] · patches[n]ᵀ.
  lower: (graph, [x, dy], node) => {
    const a: ConvAttributes = node.attributes;
    const [o, i, kh, kw] = a.weight;
    const [n, , h, w] = node.inputs[1].shape;
    const k = kh * kw;
    let patches = x;
    if (k > 1 || a.stride > 1) {
      const select = new Float32Array(i * k * k);
      for (let r = 0; r < i * k; r++) select[r * k + (r % k)] = 1;
      patches = graph.node('Conv', [x, graph.floats(select, [i * k, 1, kh, kw])], { ...spatial(a), group: i });
    }
    const columns = graph.node('Reshape', [patches, graph.ints([n, i * k, h * w])]);
    const rows = graph.node('Reshape', [dy, graph.ints([n, o, h * w])]);
    const products = graph.node('MatMul', [rows, graph.node('Transpose', [columns], { perm: [0, 2, 1] })]);
    const total = graph.node('ReduceSum', [products, graph.ints([0])], { keepdims: 0 });
    return graph.node('Reshape', [total, graph.ints([o, i, kh, kw])]);
  },
};

function weightGradient(x: Tensor, dy: Tensor, a: ConvAttributes): Tensor {
  return new Tensor(weightGradientOp, [x, dy], a, a.weight);
}
