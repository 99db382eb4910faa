/**
 * Layers with named parameters, for writing models. Names and initial distributions are PyTorch's, shapes too but for
 * convolutions (`weights.ts`), so that weights go back and forth by name.
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

/** `train`: batch statistics, running ones updated. `eval`: running statistics. Noise is added in both. */
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

export const BATCH_NORM_MOMENTUM = 0.1;

/** The layers that a model's forward pass is written with. They collect the parameters they make, by name, in `parameters`. */
export class Layers {
  readonly parameters: Parameter[] = [];
  /** New values of the running statistics, in training mode. */
  readonly updates = new Map<Tensor, Tensor>();
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

  /** Square kernel, no bias: x [h, w, n, i] → [h′, w′, n, o]. */
  conv(name: string, x: Tensor, out: number, kernel: number, stride = 1, padding = (kernel - 1) / 2): Tensor {
    const shape = [kernel, kernel, x.shape[3], out];
    const w = this.uniformParameter(`${name}.weight`, shape, sizeOf(shape) / out);
    this.parameters[this.parameters.length - 1].kernel = true;
    return conv2d(x, w, stride, padding);
  }

  /** The same with a bias for every channel. */
  biasedConv(name: string, x: Tensor, out: number, kernel: number, stride = 1, padding = (kernel - 1) / 2): Tensor {
    const y = this.conv(name, x, out, kernel, stride, padding);
    const bias = this.uniformParameter(`${name}.bias`, [out], x.shape[3] * kernel * kernel);
    return channelAdd(y, bias);
  }

  /** x [h, w, n, c]. */
  batchNorm(name: string, x: Tensor): Tensor {
    const c = x.shape[3];
    const gamma = this.constantParameter(`${name}.weight`, c, 1, true);
    const beta = this.constantParameter(`${name}.bias`, c, 0, true);
    const mu = this.constantParameter(`${name}.running_mean`, c, 0, false);
    const variance = this.constantParameter(`${name}.running_var`, c, 1, false);
    if (this.mode === 'eval') return batchNormInference(x, gamma, beta, mu, variance);
    const m = x.size / c;
    const move = (old: Tensor, now: Tensor, factor: number) =>
      add(mul(old, 1 - BATCH_NORM_MOMENTUM), mul(now, BATCH_NORM_MOMENTUM * factor));
    this.updates.set(mu, move(mu, channelMean(x), 1));
    // PyTorch keeps the unbiased variance; a single value has none, and 0 / 0 would stay in the statistics for good.
    this.updates.set(variance, move(variance, channelVariance(x), m / Math.max(1, m - 1)));
    return batchNorm(x, gamma, beta);
  }

  /** Over the last axis of x [..., d]. */
  layerNorm(name: string, x: Tensor): Tensor {
    const d = x.shape[x.rank - 1];
    const gamma = this.constantParameter(`${name}.weight`, d, 1, true);
    return layerNorm(x, gamma, this.constantParameter(`${name}.bias`, d, 0, true));
  }

  /** A learned value of any shape, N(0, 0.02²) at first. */
  embedding(name: string, shape: Shape): Tensor {
    return this.parameter(name, shape, (rng) => rng.normals(sizeOf(shape), 0.02));
  }

  /** x [n, i] → [n, o]. */
  linear(name: string, x: Tensor, out: number): Tensor {
    const w = this.uniformParameter(`${name}.weight`, [out, x.shape[1]], x.shape[1]);
    const b = this.uniformParameter(`${name}.bias`, [out], x.shape[1]);
    return add(matmul(x, transpose(w)), b);
  }

  /** x [n, tokens, c, k, k] → [n, tokens, o]: `biasedConv` where its windows do not overlap. */
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
