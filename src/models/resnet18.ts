/**
 * ResNet-18 (He et al. 2016) for 32×32 images, as the paper has it: 3×3 stem with stride 1, no max-pooling; noise γ after
 * the first and after the last ReLU of every basic block, and on the pooled features.
 *
 *   x [32, 32, n, 3] → stem → 4 stages of 2 blocks, widths w, 2w, 4w, 8w, strides 1, 2, 2, 2 → mean over space → linear
 *
 * Parameters are named as torchvision's `resnet18`.
 */
import { add, relu, type Tensor } from '../engine/index.js';
import type { Layers } from './layers.js';
import { pooled, pooledHead } from './pooled-head.js';
import type { Model, Readout } from './types.js';

const STRIDES = [1, 2, 2, 2];

/** The block's output before its last noise. */
function basicBlock(l: Layers, name: string, x: Tensor, out: number, stride: number): Tensor {
  const h = l.noise(relu(l.batchNorm(`${name}.bn1`, l.conv(`${name}.conv1`, x, out, 3, stride))));
  const y = l.batchNorm(`${name}.bn2`, l.conv(`${name}.conv2`, h, out, 3));
  const skip =
    stride === 1 && x.shape[3] === out
      ? x
      : l.batchNorm(`${name}.downsample.1`, l.conv(`${name}.downsample.0`, x, out, 1, stride));
  return relu(add(y, skip));
}

/** The forward pass with `blocks` basic blocks a stage. */
export const residual =
  (blocks: number): Model['forward'] =>
  (l, x, { classes, width }) => {
    let h = relu(l.batchNorm('bn1', l.conv('conv1', x, width, 3)));
    const layers: Record<string, Readout> = {};
    STRIDES.forEach((stride, s) => {
      for (let b = 0; b < blocks; b++) {
        const last = basicBlock(l, `layer${s + 1}.${b}`, h, width << s, b === 0 ? stride : 1);
        h = l.noise(last);
        layers[`layer${s + 1}`] = pooled(l, last, h);
      }
    });
    return pooledHead(l, 'fc', layers, classes);
  };

export const resnet18: Model = {
  name: 'resnet18',
  summary: 'ResNet-18 for 32×32 images; width 64 is the paper’s',
  source: 'He, Zhang, Ren and Sun 2016, Deep Residual Learning for Image Recognition',
  defaultWidth: 64,
  layers: STRIDES.map((_, s) => `layer${s + 1}`),
  forward: residual(2),
};
