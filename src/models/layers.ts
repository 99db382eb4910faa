/**
 * Layers with named parameters, for writing models. Names, initial distributions and shapes are PyTorch's, so that weights can be exchanged
 * by name. Only the axes of convolution kernels differ (weights.ts).
 */
import type { Rng } from '../base/random.js';
import {
  add,
  batchNorm,
  batchNormInference,
  channelAdd,
  channelMean,
  channelVariance,
  conv2d,
  input,
  layerNorm,
  matmul,
  mul,
  reshape,
  type Shape,
  sizeOf,
  type Tensor,
  transpose,
} from '../engine/index.js';

/** `train`: statistics of the batch, and running statistics are updated. `eval`: running statistics. Both modes add noise. */
export type Mode = 'train' | 'eval';

/** A parameter or running statistic of a model. */
export interface Parameter {
  name: string;
  tensor: Tensor;
  /** False for running statistics. */
  trainable: boolean;
  /** A convolution's kernel, [k, k, i, o] where PyTorch has [o, i, k, k]. */
  kernel: boolean;
  /** Initial values, in the engine's order. */
  initial(rng: Rng): Float32Array;
}

/** A batch norm in a forward pass. */
export interface Normalised {
  name: string;
  /** What enters and what leaves, [h, w, n, c]. */
  x: Tensor;
  y: Tensor;
  /** Running statistics, [c]. */
  mean: Tensor;
  variance: Tensor;
  /** Name of the kernel of the convolution that `x` comes from; undefined where it comes from something else. */
  kernel?: string;
}

/** Weight of the batch in the running statistics: PyTorch's default. */
export const BATCH_NORM_MOMENTUM = 0.1;

/** The layers of a model's forward pass. Each adds its parameters to `parameters`. */
export class Layers {
  readonly parameters: Parameter[] = [];
  /** New values of the running statistics, in training mode. */
  readonly updates = new Map<Tensor, Tensor>();
  /** Every batch norm, in the order of the forward pass. */
  readonly normalised: Normalised[] = [];
  /** Names of the kernels by what they give. */
  private readonly kernels = new Map<Tensor, string>();
  private noises = 0;

  constructor(
    readonly mode: Mode,
    /** Standard deviation γ of the noise; 0 adds none. */
    readonly noiseStd: number,
  ) {}

  private parameter(name: string, shape: Shape, initial: (rng: Rng) => Float32Array, trainable = true): Tensor {
    const tensor = input(name, shape, 'float32', 'state');
    this.parameters.push({ name, tensor, trainable, kernel: false, initial });
    return tensor;
  }

  private constantParameter(name: string, n: number, value: number, trainable: boolean): Tensor {
    return this.parameter(name, [n], () => new Float32Array(n).fill(value), trainable);
  }

  /** U(−1/√fanIn, 1/√fanIn): PyTorch's default for convolutions and linear layers. */
  private uniformParameter(name: string, shape: Shape, fanIn: number): Tensor {
    const bound = 1 / Math.sqrt(fanIn);
    return this.parameter(name, shape, (rng) =>
      Float32Array.from({ length: sizeOf(shape) }, () => rng.uniform(-bound, bound)),
    );
  }

  /** Convolution with a square kernel, without bias: x [h, w, n, i] → [h′, w′, n, o]. Arguments in the order of PyTorch's `Conv2d`. */
  conv(name: string, x: Tensor, out: number, kernel: number, stride = 1, padding = (kernel - 1) / 2): Tensor {
    const shape = [kernel, kernel, x.shape[3], out];
    const w = this.uniformParameter(`${name}.weight`, shape, sizeOf(shape) / out);
    this.parameters[this.parameters.length - 1].kernel = true;
    const y = conv2d(x, w, stride, padding);
    this.kernels.set(y, `${name}.weight`);
    return y;
  }

  /** Convolution with a bias per channel; arguments as for `conv`. */
  biasedConv(name: string, x: Tensor, out: number, kernel: number, stride = 1, padding = (kernel - 1) / 2): Tensor {
    const y = this.conv(name, x, out, kernel, stride, padding);
    const bias = this.uniformParameter(`${name}.bias`, [out], x.shape[3] * kernel * kernel);
    const biased = channelAdd(y, bias);
    this.kernels.set(biased, `${name}.weight`);
    return biased;
  }

  /** Batch normalisation of x [h, w, n, c]. */
  batchNorm(name: string, x: Tensor): Tensor {
    const c = x.shape[3];
    const gamma = this.constantParameter(`${name}.weight`, c, 1, true);
    const beta = this.constantParameter(`${name}.bias`, c, 0, true);
    const mu = this.constantParameter(`${name}.running_mean`, c, 0, false);
    const variance = this.constantParameter(`${name}.running_var`, c, 1, false);
    const y = this.mode === 'eval' ? batchNormInference(x, gamma, beta, mu, variance) : batchNorm(x, gamma, beta);
    this.normalised.push({ name, x, y, mean: mu, variance, kernel: this.kernels.get(x) });
    if (this.mode === 'eval') return y;
    const m = x.size / c;
    const move = (old: Tensor, now: Tensor, factor: number) =>
      add(mul(old, 1 - BATCH_NORM_MOMENTUM), mul(now, BATCH_NORM_MOMENTUM * factor));
    this.updates.set(mu, move(mu, channelMean(x), 1));
    // PyTorch stores the unbiased variance. A single value has none, and 0 / 0 would stay in the running statistics.
    this.updates.set(variance, move(variance, channelVariance(x), m / Math.max(1, m - 1)));
    return y;
  }

  /** Layer normalisation over the last axis of x [..., d]. */
  layerNorm(name: string, x: Tensor): Tensor {
    const d = x.shape[x.rank - 1];
    const gamma = this.constantParameter(`${name}.weight`, d, 1, true);
    return layerNorm(x, gamma, this.constantParameter(`${name}.bias`, d, 0, true));
  }

  /** A learned tensor of any shape, with initial values N(0, 0.02²). */
  embedding(name: string, shape: Shape): Tensor {
    return this.parameter(name, shape, (rng) => rng.normals(sizeOf(shape), 0.02));
  }

  /** Linear layer: x [n, i] → [n, o]. */
  linear(name: string, x: Tensor, out: number): Tensor {
    const w = this.uniformParameter(`${name}.weight`, [out, x.shape[1]], x.shape[1]);
    const b = this.uniformParameter(`${name}.bias`, [out], x.shape[1]);
    return add(matmul(x, transpose(w)), b);
  }

  /** Embedding of patches, a convolution whose windows do not overlap: x [n, tokens, c, k, k] → [n, tokens, o]. */
  patchLinear(name: string, x: Tensor, out: number): Tensor {
    const [n, tokens, ...patch] = x.shape;
    const size = sizeOf(patch);
    const w = this.uniformParameter(`${name}.weight`, [out, ...patch], size);
    const b = this.uniformParameter(`${name}.bias`, [out], size);
    const rows = matmul(reshape(x, [n * tokens, size]), transpose(reshape(w, [out, size])));
    return reshape(add(rows, b), [n, tokens, out]);
  }

  /** `x + γ·ε`, ε standard normal, drawn anew in every pass and in both modes. */
  noise(x: Tensor): Tensor {
    if (this.noiseStd === 0) return x;
    return add(x, input(`noise.${this.noises++}`, x.shape, 'float32', 'noise'));
  }
}
