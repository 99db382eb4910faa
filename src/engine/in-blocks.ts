/**
 * Rewrites graphs without gradients of weights (evaluation, probes, gradients of images) for narrow networks: chains of convolution, batch norm,
 * ReLU, noise and sums of branches, and their gradients, run on activations in blocks of channels (`ops/blocks.ts`), with batch norm folded into the
 * kernel. Values change by rounding only.
 */
import { topological } from './autodiff.js';
import { blockConv, fromBlocks, perBlock, toBlocks } from './ops/blocks.js';
import { reshape } from './ops/broadcast.js';
import type { ConvAttributes } from './ops/conv.js';
import { add, mul, positive, relu } from './ops/elementwise.js';
import { concat, slice, transpose } from './ops/shape.js';
import { constant, sameShape, Tensor } from './tensor.js';

/** Most input times output channels of a convolution that is faster in blocks, measured (docs/engine.md). */
const NARROW = 32 * 64;

/** Operators that are made up of others: their last input is their value. */
const MADE_UP = ['batchNormInference', 'spatialMean'];
/** Operators x, v → value, which is their last input too. */
const PER_CHANNEL = ['channelAdd', 'channelMul'];

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

/** The tensor itself, or what it stands for: the value of an operator that others make up, what was reshaped and reshaped back. */
function actual(t: Tensor): Tensor {
  if (MADE_UP.includes(t.op.name)) return actual(t.inputs.at(-1)!);
  const [x] = t.inputs;
  const isBack = t.op.name === 'reshape' && x.op.name === 'reshape' && sameShape(x.inputs[0].shape, t.shape);
  return isBack ? actual(x.inputs[0]) : t;
}

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

/** The value of `key`, made when it is first asked for. */
function remembered<V>(values: Map<Tensor, V>, key: Tensor, make: () => V): V {
  let value = values.get(key);
  if (value === undefined) {
    value = make();
    values.set(key, value);
  }
  return value;
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
    const stack = Object.values(outputs).map(actual);
    stack.forEach(read);
    const seen = new Set<Tensor>();
    while (stack.length > 0) {
      const t = stack.pop()!;
      if (seen.has(t)) continue;
      seen.add(t);
      const isWhole = !PER_CHANNEL.includes(t.op.name);
      const inputs = (isWhole ? t.inputs : this.isChained(t) ? t.inputs.slice(0, 2) : t.inputs.slice(2)).map(actual);
      inputs.forEach(read);
      stack.push(...inputs);
    }
  }

  /** The tensor in the layout it had. */
  plain(of: Tensor): Tensor {
    const t = actual(of);
    return remembered(this.plains, t, () => (this.isChained(t) ? fromBlocks(this.inBlocks(t)) : this.rebuilt(t)));
  }

  private rebuilt(t: Tensor): Tensor {
    if (PER_CHANNEL.includes(t.op.name)) return this.plain(t.inputs[2]);
    const inputs = t.inputs.map((i) => this.plain(i));
    return inputs.every((i, k) => i === t.inputs[k]) ? t : new Tensor(t.op, inputs, t.attributes, t.shape, t.dtype);
  }

  /** Whether the tensor is computed in blocks. */
  private isChained(of: Tensor): boolean {
    const t = actual(of);
    return remembered(this.chained, t, () => {
      const [x, y] = t.inputs;
      const { name } = t.op;
      if (name === 'conv2d' || name === 'conv2dInput') return isNarrow(t, this.b);
      if (name === 'add' || name === 'mul')
        return sameShape(x.shape, y.shape) && (this.isChained(x) || this.isChained(y));
      return (PER_CHANNEL.includes(name) || name === 'relu' || name === 'positive') && this.isChained(x);
    });
  }

  private inBlocks(of: Tensor): Tensor {
    const t = actual(of);
    return remembered(this.blocked, t, () => (this.isChained(t) ? this.computed(t) : toBlocks(this.plain(t), this.b)));
  }

  private computed(t: Tensor): Tensor {
    const [x, y] = t.inputs;
    const single = this.affine(t);
    if (single) return this.conv(single, false);
    switch (t.op.name) {
      case 'conv2dInput':
        return this.gradient(t);
      case 'positive':
        return positive(this.inBlocks(x));
      case 'mul':
        return mul(this.inBlocks(x), this.inBlocks(y));
      case 'add':
        return this.sum(t, false) ?? add(this.inBlocks(x), this.inBlocks(y));
      case 'relu':
        return this.withRelu(actual(x)) ?? relu(this.inBlocks(x));
    }
    // A factor or a term per channel of something else than a convolution.
    const from = this.inBlocks(x);
    const rows = reshape(from, [t.shape[2], t.size / t.shape[2]]);
    const act = t.op.name === 'channelAdd' ? add : mul;
    return reshape(act(rows, perBlock(this.plain(y), from.shape)), from.shape);
  }

  /** ReLU of a convolution, or of a sum with one, of which nothing else is read. */
  private withRelu(x: Tensor): Tensor | undefined {
    const affine = this.affineAlone(x);
    if (affine) return this.conv(affine, true);
    return this.readers.get(x) === 1 && x.op.name === 'add' ? this.sum(x, true) : undefined;
  }

  /** `t` as a convolution with a factor and a term per channel, if it is one of which nothing else is read on the way. */
  private affine(t: Tensor): Affine | undefined {
    if (t.op.name === 'conv2d') return isNarrow(t, this.b) ? { conv: t } : undefined;
    if (!PER_CHANNEL.includes(t.op.name)) return undefined;
    const before = this.affineAlone(t.inputs[0]);
    if (!before) return undefined;
    const { conv, scale, bias } = before;
    const v = this.plain(t.inputs[1]);
    if (t.op.name === 'channelAdd') return { conv, scale, bias: bias ? add(bias, v) : v };
    return { conv, scale: scale ? mul(scale, v) : v, bias: bias && mul(bias, v) };
  }

  /** The same of a tensor that is read once. */
  private affineAlone(of: Tensor): Affine | undefined {
    const t = actual(of);
    return this.readers.get(t) === 1 ? this.affine(t) : undefined;
  }

  /** A sum, then ReLU if asked, of which one term is a convolution that can add the other. */
  private sum(t: Tensor, withRelu: boolean): Tensor | undefined {
    for (const [k, x] of t.inputs.entries()) {
      const affine = this.affineAlone(x);
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
