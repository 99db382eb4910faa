/**
 * Activations in blocks of b channels, [n, c/b, h, w, b], and the convolution on them. It is ONNX Runtime's own direct convolution, of which
 * the processor's vectors set b. With few channels it is faster than Winograd's algorithm, whose transforms cost the more the fewer
 * channels share them (docs/engine.md).
 */
import { type Attribute, BLOCKS_DOMAIN } from '../onnx.js';
import { type Op, type Shape, Tensor } from '../tensor.js';
import { broadcastTo, reshape } from './broadcast.js';
import { transpose } from './shape.js';

/** x [h, w, n, c] as [n, c/b, h, w, b]. */
export function toBlocks(x: Tensor, b: number): Tensor {
  const [h, w, n, c] = x.shape;
  // One axis moves: ONNX Runtime does that at the speed of memory.
  const rows = transpose(reshape(x, [h * w, (n * c) / b, b]), [1, 0, 2]);
  return reshape(rows, [n, c / b, h, w, b]);
}

/** x [n, c/b, h, w, b] as [h, w, n, c]. */
export function fromBlocks(x: Tensor): Tensor {
  const [n, groups, h, w, b] = x.shape;
  return reshape(transpose(reshape(x, [n * groups, h * w, b]), [1, 0, 2]), [h, w, n, groups * b]);
}

/** A vector [c] for every pixel of an image in blocks, [c/b·h·w·b]: rows of that length are added fastest. */
export function perBlock(v: Tensor, shape: Shape): Tensor {
  const [, groups, h, w, b] = shape;
  return reshape(broadcastTo(reshape(v, [groups, 1, b]), [groups, h * w, b]), [groups * h * w * b]);
}

export interface BlockConvOptions {
  /** b */
  block: number;
  stride: number;
  padding: number;
  /** Whether ReLU follows. */
  relu: boolean;
  /** [n, o/b, h′, w′, b] */
  output: Shape;
  /** [o], added. */
  bias: Tensor;
  /** Of the output's shape, added. */
  sum?: Tensor;
}

/** ONNX Runtime has blocks in tensors of the shape without blocks. */
const whole = (shape: Shape) => {
  const [n, groups, h, w, b] = shape;
  return shape.length === 5 ? [n, groups * b, h, w] : shape;
};

const blockConvOp: Op = {
  name: 'blockConv',
  lower: (graph, [x, w, bias, sum], node) => {
    const { stride, padding, relu } = node.attributes;
    const [, , k] = node.inputs[1].shape;
    const as = (t: string, shape: Shape) => graph.node('Reshape', [t, graph.ints(shape)]);
    const inputs = [as(x, whole(node.inputs[0].shape)), w, bias];
    if (sum !== undefined) inputs.push(as(sum, whole(node.shape)));
    const pads = [padding, padding, padding, padding];
    const attributes: Record<string, Attribute> = { kernel_shape: [k, k], pads, strides: [stride, stride] };
    if (relu) attributes.activation = 'Relu';
    return as(graph.node('Conv', inputs, attributes, BLOCKS_DOMAIN), node.shape);
  },
};

/** The kernel w [k, k, i, o] as [o, i, k, k], in memory [o/b, i/b, k, k, b, b], or [o/b, i, k, k, b] where i < b. */
function kernelInBlocks(w: Tensor, b: number): Tensor {
  const [kh, kw, i, o] = w.shape;
  const blocked =
    i < b
      ? transpose(reshape(w, [kh, kw, i, o / b, b]), [3, 2, 0, 1, 4])
      : transpose(reshape(w, [kh, kw, i / b, b, o / b, b]), [4, 2, 0, 1, 3, 5]);
  return reshape(blocked, [o, i, kh, kw]);
}

/** Convolution of x [n, i/b, h, w, b], or of images [n, i, h, w] where i < b, with w [k, k, i, o]: `options.output`. It has no gradient. */
export function blockConv(x: Tensor, w: Tensor, options: BlockConvOptions): Tensor {
  const { block, stride, padding, relu, output, bias, sum } = options;
  const inputs = [x, kernelInBlocks(w, block), bias, ...(sum ? [sum] : [])];
  return new Tensor(blockConvOp, inputs, { stride, padding, relu }, output);
}
