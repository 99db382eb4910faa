/**
 * Rewrites graphs without gradients of weights (evaluation, probes, gradients of images) for narrow networks: chains of convolution, batch norm,
 * ReLU, noise and sums of branches, and their gradients, run on activations in blocks of channels (`ops/blocks.ts`), with batch norm folded into the
 * kernel. Values change by rounding only.
 */
import { topological } from './autodiff.js';
import { blockConv, fromBlocks, perBlock, toBlocks } from './ops/blocks.js';
import { reshape } from './ops/broadcast.js';
import type { ConvAttributes } from './ops/conv.js';
import { add, div, mul, positive, relu, sqrt, sub } from './ops/elementwise.js';
import { concat, slice, transpose } from './ops/shape.js';
import { constant, sameShape, Tensor } from './tensor.js';

/** Most input times output channels of a convolution that is faster in blocks, measured (docs/engine.md). */
const NARROW = 32 * 64;

/** Operators whose last input is their value. */
const COMPOSED = ['batchNormInference', 'channelAdd', 'channelMul', 'spatialMean'];

/** A convolution with what follows it value by value: y = conv(x, w)·scale + bias. */
interface Affine {
  conv: Tensor;
  scale?: Tensor;
  bias?: Tensor;
}

/** `outputs` with narrow convolutions in blocks of `b` channels. A graph with gradients of kernels, or b = 0, is returned as it is. */
export function inBlocks(outputs: Record<string, Tensor>, b: number): Record<string, Tensor> {
  if (b === 0) return outputs;
  const all = topological(Object.values(outputs));
  if (all.some((t) => t.op.name === 'conv2dWeight')) return outputs;
  if (!all.some((t) => isNarrow(t, b))) return outputs;
  const blocks = new Blocks(outputs, b);
  return Object.fromEntries(Object.entries(outputs).map(([name, t]) => [name, blocks.plain(t)]));
}

function isNarrow(t: Tensor, b: number): boolean {
  const isGradient = t.op.name === 'conv2dInput';
  if (t.op.name !== 'conv2d' && !isGradient) return false;
  const { weight, stride } = t.attributes as ConvAttributes;
  const [, , i, o] = weight;
  const fits = i % b === 0 || (i <= 4 && !isGradient);
  // The gradient of a convolution of stride 1 is one again.
  return fits && o % b === 0 && i * o <= NARROW && (stride === 1 || !isGradient);
}

/** What was reshaped and reshaped back. */
function unshaped(t: Tensor): Tensor {
  const [x] = t.inputs;
  const isBack = t.op.name === 'reshape' && x.op.name === 'reshape' && sameShape(x.inputs[0].shape, t.shape);
  return isBack ? unshaped(x.inputs[0]) : t;
}

/** What a tensor is computed from: the value of a composed operator follows from its other inputs. */
const argumentsOf = (t: Tensor) => (COMPOSED.includes(t.op.name) ? t.inputs.slice(0, -1) : t.inputs);

/** `transpose`, before the pixels become floats: bytes move fastest, and the transposition of stored images becomes part of it. */
function transposed(t: Tensor, perm: readonly number[]): Tensor {
  const [x, y] = t.inputs;
  const inputs =
    t.op.name === 'cast'
      ? [transposed(x, perm)]
      : t.op.name === 'mul' && y.size === 1
        ? [transposed(x, perm), y]
        : null;
  if (!inputs) return transpose(t, perm);
  return new Tensor(t.op, inputs, t.attributes, inputs[0].shape, t.dtype);
}

class Blocks {
  private readonly plains = new Map<Tensor, Tensor>();
  private readonly blocked = new Map<Tensor, Tensor>();
  private readonly chained = new Map<Tensor, boolean>();
  private readonly readers = new Map<Tensor, number>();

  constructor(
    outputs: Record<string, Tensor>,
    private readonly b: number,
  ) {
    const read = (t: Tensor) => this.readers.set(t, (this.readers.get(t) ?? 0) + 1);
    const stack = Object.values(outputs);
    stack.forEach(read);
    const seen = new Set<Tensor>();
    while (stack.length > 0) {
      const t = stack.pop()!;
      if (seen.has(t)) continue;
      seen.add(t);
      const inputs = COMPOSED.includes(t.op.name) && !this.isChained(t) ? [t.inputs.at(-1)!] : argumentsOf(t);
      inputs.forEach(read);
      stack.push(...inputs);
    }
  }

  /** The tensor in the layout it had. */
  plain(of: Tensor): Tensor {
    const t = unshaped(of);
    let found = this.plains.get(t);
    if (!found) {
      found = this.isChained(t) ? fromBlocks(this.inBlocks(t)) : this.rebuilt(t);
      this.plains.set(t, found);
    }
    return found;
  }

  private rebuilt(t: Tensor): Tensor {
    if (COMPOSED.includes(t.op.name)) return this.plain(t.inputs.at(-1)!);
    const inputs = t.inputs.map((i) => this.plain(i));
    return inputs.every((i, k) => i === t.inputs[k]) ? t : new Tensor(t.op, inputs, t.attributes, t.shape, t.dtype);
  }

  /** Whether the tensor is computed in blocks. */
  private isChained(of: Tensor): boolean {
    const t = unshaped(of);
    let found = this.chained.get(t);
    if (found === undefined) {
      const [x, y] = t.inputs;
      const { name } = t.op;
      if (name === 'conv2d' || name === 'conv2dInput') found = isNarrow(t, this.b);
      else if (['batchNormInference', 'channelAdd', 'relu', 'positive'].includes(name)) found = this.isChained(x);
      else if (name === 'add' || name === 'mul')
        found = sameShape(x.shape, y.shape) && (this.isChained(x) || this.isChained(y));
      else found = false;
      this.chained.set(t, found);
    }
    return found;
  }

  private inBlocks(of: Tensor): Tensor {
    const t = unshaped(of);
    let found = this.blocked.get(t);
    if (!found) {
      found = this.isChained(t) ? this.computed(t) : toBlocks(this.plain(t), this.b);
      this.blocked.set(t, found);
    }
    return found;
  }

  private computed(t: Tensor): Tensor {
    const [x, y] = t.inputs;
    const single = this.affine(t);
    if (single) return this.conv(single, false);
    if (t.op.name === 'conv2dInput') return this.gradient(t);
    if (t.op.name === 'positive') return positive(this.inBlocks(x));
    if (t.op.name === 'mul') return mul(this.inBlocks(x), this.inBlocks(y));
    if (t.op.name === 'add') return this.sum(t, false) ?? add(this.inBlocks(x), this.inBlocks(y));
    if (t.op.name === 'relu') {
      const inner = this.readers.get(x) === 1 ? x : undefined;
      const before = inner && this.affine(inner);
      if (before) return this.conv(before, true);
      return (inner?.op.name === 'add' && this.sum(inner, true)) || relu(this.inBlocks(x));
    }
    // Batch norm, or a bias, of something else than a convolution.
    const { scale, bias } =
      t.op.name === 'channelAdd' ? { bias: this.plain(y), scale: undefined } : this.normalisation(t);
    const { shape } = t;
    const from = this.inBlocks(x);
    const rows = reshape(from, [shape[2], t.size / shape[2]]);
    const scaled = scale ? mul(rows, perBlock(scale, from.shape)) : rows;
    return reshape(add(scaled, perBlock(bias, from.shape)), from.shape);
  }

  /** `t` as a convolution with a factor and a term per channel, if it is one of which nothing else is read. */
  private affine(t: Tensor): Affine | undefined {
    if (t.op.name === 'conv2d') return isNarrow(t, this.b) ? { conv: t } : undefined;
    if (t.op.name !== 'channelAdd' && t.op.name !== 'batchNormInference') return undefined;
    const [x, v] = t.inputs;
    const before = this.readers.get(x) === 1 ? this.affine(x) : undefined;
    if (!before) return undefined;
    if (t.op.name === 'channelAdd') {
      const term = this.plain(v);
      return { ...before, bias: before.bias ? add(before.bias, term) : term };
    }
    const { scale, bias } = this.normalisation(t);
    return {
      conv: before.conv,
      scale: before.scale ? mul(before.scale, scale) : scale,
      bias: before.bias ? add(mul(before.bias, scale), bias) : bias,
    };
  }

  /** Factor and term per channel of a batch norm with given statistics. */
  private normalisation(t: Tensor): { scale: Tensor; bias: Tensor } {
    const [gamma, beta, mu, variance] = t.inputs.slice(1, 5).map((i) => this.plain(i));
    const scale = div(gamma, sqrt(add(variance, t.attributes.epsilon)));
    return { scale, bias: sub(beta, mul(mu, scale)) };
  }

  /** A sum, then ReLU if asked, of which one term is a convolution that can add the other. */
  private sum(t: Tensor, withRelu: boolean): Tensor | undefined {
    for (const [k, x] of t.inputs.entries()) {
      const affine = this.readers.get(x) === 1 ? this.affine(x) : undefined;
      if (affine) return this.conv(affine, withRelu, this.inBlocks(t.inputs[1 - k]));
    }
    return undefined;
  }

  private conv({ conv, scale, bias }: Affine, withRelu: boolean, sum?: Tensor): Tensor {
    const { b } = this;
    const [x, kernel] = conv.inputs;
    const { stride, padding, output } = conv.attributes as ConvAttributes;
    const [h, w, n, o] = output;
    const weight = this.plain(kernel);
    const from = x.shape[3] < b ? transposed(this.plain(x), [2, 3, 0, 1]) : this.inBlocks(x);
    return blockConv(from, scale ? mul(weight, scale) : weight, {
      block: b,
      stride,
      padding,
      relu: withRelu,
      output: [n, o / b, h, w, b],
      bias: bias ?? constant(new Float32Array(o)),
      sum,
    });
  }

  /** The gradient of a convolution of stride 1: the convolution with its kernel turned around, inputs and outputs exchanged. */
  private gradient(t: Tensor): Tensor {
    const { b } = this;
    const [dy, kernel] = t.inputs;
    const { padding, weight, input } = t.attributes as ConvAttributes;
    const [h, w, n, i] = input;
    return blockConv(this.inBlocks(dy), transpose(turned(this.plain(kernel)), [0, 1, 3, 2]), {
      block: b,
      stride: 1,
      padding: weight[0] - 1 - padding,
      relu: false,
      output: [n, i / b, h, w, b],
      bias: constant(new Float32Array(i)),
    });
  }
}

/** A kernel [k, k, i, o] with both of its first axes reversed. */
const turned = (kernel: Tensor): Tensor =>
  [0, 1].reduce((t, axis) => {
    const k = t.shape[axis];
    return concat(
      Array.from({ length: k }, (_, at) => slice(t, axis, k - 1 - at, k - at)),
      axis,
    );
  }, kernel);
