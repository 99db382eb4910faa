/**
 * ResNet-18 with pre-activation (He et al. 2016, identity mappings) for 32×32 images: 3×3 stem with stride 1, no
 * max-pooling; batch norm and ReLU stand before each convolution of a block, and nothing after the sum.
 *
 *   x [32, 32, n, 3] → conv → 4 stages of 2 blocks, widths w, 2w, 4w, 8w, strides 1, 2, 2, 2 → batch norm, ReLU
 *   → mean over space → linear
 *
 * The batch norm and ReLU after the last block are the paper's; some implementations for CIFAR leave them out and pool
 * the last sum as it is. Noise γ stands after every ReLU, the last one included, and on the pooled features. T is the
 * last ReLU's output after its noise, averaged over space. The sums themselves carry no noise of their own, so that no T can be
 * read from the stages before: T has the one layer `bn`.
 *
 * Parameters are named as ResNet-18's, the 1×1 convolution of a shortcut `shortcut.0`, the last batch norm `bn`.
 */
import { add, relu, type Tensor } from '../engine/index.js';
import type { Layers } from './layers.js';
import { pooled, pooledHead } from './pooled-head.js';
import type { Model } from './types.js';

const STRIDES = [1, 2, 2, 2];

function block(l: Layers, name: string, x: Tensor, out: number, stride: number): Tensor {
  const a = l.noise(relu(l.batchNorm(`${name}.bn1`, x)));
  const h = l.noise(relu(l.batchNorm(`${name}.bn2`, l.conv(`${name}.conv1`, a, out, 3, stride))));
  const skip = stride === 1 && x.shape[3] === out ? x : l.conv(`${name}.shortcut.0`, a, out, 1, stride);
  return add(l.conv(`${name}.conv2`, h, out, 3), skip);
}

/** `last`: with the batch norm and ReLU after the last block. */
const preact =
  (last: boolean): Model['forward'] =>
  (l, x, { classes, width }) => {
    let h = l.conv('conv1', x, width, 3);
    STRIDES.forEach((stride, s) => {
      for (const b of [0, 1]) h = block(l, `layer${s + 1}.${b}`, h, width << s, b === 0 ? stride : 1);
    });
    if (!last) return pooledHead(l, 'fc', { layer4: pooled(l, h, h) }, classes);
    const end = relu(l.batchNorm('bn', h));
    return pooledHead(l, 'fc', { bn: pooled(l, end, l.noise(end)) }, classes);
  };

export const preactResnet18: Model = {
  name: 'preact-resnet18',
  summary: 'PreAct-ResNet-18 for 32×32 images; width 64 is the usual one',
  source: 'He, Zhang, Ren and Sun 2016, Identity Mappings in Deep Residual Networks',
  defaultWidth: 64,
  layers: ['bn'],
  forward: preact(true),
};

/** The network of those who pool the last sum as it is (kuangliu/pytorch-cifar, BackdoorBench). Only weights of others are run in it, without noise. */
export const preactWithoutLast: Model = {
  ...preactResnet18,
  name: 'preact-resnet18 without its last batch norm',
  layers: ['layer4'],
  forward: preact(false),
};
