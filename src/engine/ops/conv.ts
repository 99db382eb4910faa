/**
 * Two-dimensional convolution (cross-correlation) on activations [h, w, n, c], and its two transposes:
 *
 *   y  = conv2d(x, w)             x [h, w, n, i], w [k, k, i, o] → y [h′, w′, n, o], h′ = ⌊(h + 2p − k) / s⌋ + 1
 *   dx = conv2dInput(dy, w)       linear in dy and w, the transpose of conv2d in x
 *   dw = conv2dWeight(x, dy)      linear in x and dy, the transpose of conv2d in w
 *
 * Each is bilinear, and the gradients of each are the other two.
 *
 * All three consist of matrix products. Along each axis an algorithm of `bilinear.ts` transforms pixels into m components per tile, the
 * kernel into m components, and products of components into outputs. With the transforms along both axes (B for the input, G for the
 * kernel, A for the output):
 *
 *   U = B·x·Bᵀ    V = G·w·Gᵀ    y = A·(U ⊙ V)·Aᵀ    where ⊙ multiplies matrices [pixels, i]·[i, o], one per component
 *   Z = Aᵀ·dy·A   dx = Bᵀ·(Z ⊙ Vᵀ)·B                  dw = Gᵀ·(Uᵀ ⊙ Z)·G
 *
 * B and A are matrices over the whole axis. Most of their entries are zero, but a dense product is faster than cutting tiles, and covers
 * padding, overlap and odd sizes. Images and channels are the last axes, so every transform is one product with a small matrix on the
 * left, and ⊙ reads rows of channels. No activations are transposed.
 */
import type { GraphBuilder } from '../onnx.js';
import { type Op, type Shape, sizeOf, Tensor } from '../tensor.js';
import { type Bilinear, bilinear, inputMatrix, kernelMatrix, outputMatrix, transposed } from './bilinear.js';
import { factors } from './channels.js';
import { mul } from './elementwise.js';

/** How a convolution is set, and the shapes of what it reads and gives. */
export interface ConvAttributes {
  stride: number;
  padding: number;
  /** [k, k, i, o] */
  weight: Shape;
  /** [h, w, n, i] */
  input: Shape;
  /** [h′, w′, n, o] */
  output: Shape;
}

/** A matrix product with a constant on the left; the identity is skipped. */
function apply(graph: GraphBuilder, m: Float32Array, rows: number, x: string, shape: Shape): string {
  const columns = m.length / rows;
  const y = graph.node('Reshape', [x, graph.ints(shape)]);
  const identity = rows === columns && m.every((v, i) => v === (i % (columns + 1) === 0 ? 1 : 0));
  return identity ? y : graph.node('MatMul', [graph.floats(m, [rows, columns]), y]);
}

/** An algorithm along an axis, with its tiles in blocks; the outputs of a block depend on no other block. */
interface Axis extends Bilinear {
  blocks: number;
  perBlock: number;
  /** Components of all tiles. */
  components: number;
  /** B, [components, from]. */
  input: Float32Array;
  /** A of one block, [to / blocks, products · perBlock]. */
  output: Float32Array;
}

function axis(k: number, stride: number, padding: number, from: number, to: number): Axis {
  const b = bilinear(k, stride, padding, from, to);
  // Blocks of two tiles make A eight pixels wide, which is large enough for an efficient product.
  const perBlock = to === b.tile * b.tiles ? (b.tiles % 2 === 0 ? 2 : 1) : b.tiles;
  const blocks = b.tiles / perBlock;
  return {
    ...b,
    blocks,
    perBlock,
    components: b.products * b.tiles,
    input: inputMatrix(b, perBlock),
    output: outputMatrix(b, perBlock, to / blocks),
  };
}

/**
 * U and V are computed again for the backward pass from so many values (16 MiB) and channels on. They hold most of the memory of a wide network, and
 * a transform takes the less of the time the more channels the products have (docs/engine.md). `npm run bench -- recompute` sets other numbers of values.
 */
export const AGAIN = { values: 2 ** 22, channels: 32 };

const isComputedAgain = (channels: number, values: number) => channels >= AGAIN.channels && values >= AGAIN.values;

/** The graph nodes of one convolution's transforms. */
class Transforms {
  private readonly rows: Axis;
  private readonly columns: Axis;

  constructor(
    private readonly graph: GraphBuilder,
    private readonly a: ConvAttributes,
  ) {
    const { stride, padding, weight, input, output } = a;
    this.rows = axis(weight[0], stride, padding, input[0], output[0]);
    this.columns = axis(weight[1], stride, padding, input[1], output[1]);
  }

  private reshape(x: string, shape: Shape): string {
    return this.graph.node('Reshape', [x, this.graph.ints(shape)]);
  }

  /** Axes of U: block, component and tile of the rows; block and component of the columns; tiles of the columns with images; channels. */
  private shape(channels: number): number[] {
    const { rows, columns } = this;
    const wide = columns.perBlock * this.a.input[2];
    return [rows.blocks, rows.products, rows.perBlock, columns.blocks, columns.products, wide, channels];
  }

  /** U of x. */
  input(x: string): string {
    const { graph, rows, columns, a } = this;
    const [h, w, n, i] = a.input;
    const down = apply(graph, rows.input, rows.components, x, [h, w * n * i]);
    const across = apply(graph, columns.input, columns.components, down, [rows.components, w, n * i]);
    return this.reshape(across, this.shape(i));
  }

  /** U of x for the backward pass: that of the forward pass, or, where it is large, computed again. */
  inputAgain(x: string): string {
    const [h, w, n, i] = this.a.input;
    const isAgain = isComputedAgain(i, this.rows.components * this.columns.components * n * i);
    // Another shape, so that its nodes are not those of the forward pass.
    return this.input(isAgain ? this.reshape(x, [h * w, n, i]) : x);
  }

  /** The transpose of `input`: a gradient of U → one of x. */
  inputTransposed(u: string): string {
    const { graph, rows, columns, a } = this;
    const [h, w, n, i] = a.input;
    const down = apply(graph, transposed(rows.input, rows.components), h, u, [
      rows.components,
      columns.components * n * i,
    ]);
    const across = apply(graph, transposed(columns.input, columns.components), w, down, [h, columns.components, n * i]);
    return this.reshape(across, a.input);
  }

  /** V of w, with the axes of U. */
  kernel(w: string): string {
    const { graph, rows, columns, a } = this;
    const [kh, kw, i, o] = a.weight;
    const m = rows.products * columns.products;
    const v = apply(graph, kernelMatrix(rows, columns), m, w, [kh * kw, i * o]);
    return this.reshape(v, [1, rows.products, 1, 1, columns.products, i, o]);
  }

  /** V of w for the backward pass, as `inputAgain`. */
  kernelAgain(w: string): string {
    const [kh, kw, i, o] = this.a.weight;
    const isAgain = isComputedAgain(i, this.rows.products * this.columns.products * i * o);
    return this.kernel(isAgain ? this.reshape(w, [kh * kw, i, o]) : w);
  }

  /** The transpose of `kernel`, from a gradient of V for every tile of the rows and every block of the columns. */
  kernelTransposed(v: string): string {
    const { graph, rows, columns, a } = this;
    const [kh, kw, i, o] = a.weight;
    const one = columns.products * i * o;
    const m = rows.products * columns.products;
    /** Sums over the middle of three axes. */
    const sum = (x: string, before: number, count: number, after: number) =>
      count === 1 ? x : apply(graph, new Float32Array(count).fill(1), 1, x, [before, count, after]);
    const overColumns = sum(v, rows.components, columns.blocks, one);
    const overTiles = sum(overColumns, rows.blocks * rows.products, rows.perBlock, one);
    const all = sum(overTiles, 1, rows.blocks, rows.products * one);
    const w = apply(graph, transposed(kernelMatrix(rows, columns), m), kh * kw, all, [m, i * o]);
    return this.reshape(w, a.weight);
  }

  /** y of the products of components. */
  output(y: string): string {
    const { graph, rows, columns, a } = this;
    const [h, w, n, o] = a.output;
    const inRows = [rows.blocks, rows.products * rows.perBlock, columns.components * n * o];
    const down = apply(graph, rows.output, h / rows.blocks, y, inRows);
    const inColumns = [h * columns.blocks, columns.products * columns.perBlock, n * o];
    return this.reshape(apply(graph, columns.output, w / columns.blocks, down, inColumns), a.output);
  }

  /** The transpose of `output`: Z of dy. */
  outputTransposed(dy: string): string {
    const { graph, rows, columns, a } = this;
    const [h, w, n, o] = a.output;
    const [tall, wide] = [h / rows.blocks, w / columns.blocks];
    const down = apply(graph, transposed(rows.output, tall), rows.output.length / tall, dy, [
      rows.blocks,
      tall,
      w * n * o,
    ]);
    const inColumns = [rows.components * columns.blocks, wide, n * o];
    const across = apply(graph, transposed(columns.output, wide), columns.output.length / wide, down, inColumns);
    return this.reshape(across, this.shape(o));
  }

  /** Every matrix transposed: its last two axes. */
  transpose(x: string): string {
    return this.graph.node('Transpose', [x], { perm: [0, 1, 2, 3, 4, 6, 5] });
  }
}

/** The convolution as one standard operator, for exported models. */
function plain(graph: GraphBuilder, x: string, w: string, { stride, padding }: ConvAttributes): string {
  const kernel = graph.node('Transpose', [w], { perm: [3, 2, 0, 1] });
  const pads = [padding, padding, padding, padding];
  return graph.onImages(x, (images) => graph.node('Conv', [images, kernel], { strides: [stride, stride], pads }));
}

const convOp: Op = {
  name: 'conv2d',
  vjp: (g, node) => {
    const [x, w] = node.inputs;
    const a: ConvAttributes = node.attributes;
    // The gradient of batch norm ends with a factor per channel. Applied to the weights, it saves a pass over the activations.
    const scaled = g.size > w.size ? factors(g) : undefined;
    if (!scaled) return [inputGradient(g, w, a), weightGradient(x, g, a)];
    return [inputGradient(scaled.x, mul(w, scaled.v), a), mul(weightGradient(x, scaled.x, a), scaled.v)];
  },
  lower: (graph, [x, w], node) => {
    if (graph.portable) return plain(graph, x, w, node.attributes);
    const t = new Transforms(graph, node.attributes);
    return t.output(graph.node('MatMul', [t.input(x), t.kernel(w)]));
  },
};

/** `conv2d(x, w)`: x [h, w, n, i], w [k, k, i, o] → [h′, w′, n, o]. */
export function conv2d(x: Tensor, w: Tensor, stride = 1, padding = 0): Tensor {
  const [h, wd, n, i] = x.shape;
  const [kh, kw, i2, o] = w.shape;
  if (x.rank !== 4 || w.rank !== 4 || i !== i2)
    throw new Error(`conv2d: weights [${w.shape}] do not fit an input of [${x.shape}]`);
  const out = (size: number, k: number) => Math.floor((size + 2 * padding - k) / stride) + 1;
  const output = [out(h, kh), out(wd, kw), n, o];
  if (sizeOf(output) < 1) throw new Error(`conv2d: a kernel of ${kh}×${kw} does not fit into [${x.shape}]`);
  const attributes: ConvAttributes = { stride, padding, weight: w.shape, input: x.shape, output };
  return new Tensor(convOp, [x, w], attributes, output);
}

const inputGradientOp: Op = {
  name: 'conv2dInput',
  vjp: (g, node) => {
    const [dy, w] = node.inputs;
    const a: ConvAttributes = node.attributes;
    return [conv2d(g, w, a.stride, a.padding), weightGradient(g, dy, a)];
  },
  lower: (graph, [dy, w], node) => {
    const t = new Transforms(graph, node.attributes);
    return t.inputTransposed(graph.node('MatMul', [t.outputTransposed(dy), t.transpose(t.kernelAgain(w))]));
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
  lower: (graph, [x, dy], node) => {
    const t = new Transforms(graph, node.attributes);
    return t.kernelTransposed(graph.node('MatMul', [t.transpose(t.inputAgain(x)), t.outputTransposed(dy)]));
  },
};

function weightGradient(x: Tensor, dy: Tensor, a: ConvAttributes): Tensor {
  return new Tensor(weightGradientOp, [x, dy], a, a.weight);
}
