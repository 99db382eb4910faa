/**
 * VGG-16 with batch norm (Simonyan and Zisserman 2015) for 32×32 images, with the head that is common there: one linear
 * classifier in place of three fully connected layers.
 *
 *   x [32, 32, n, 3] → 13 × (conv 3×3, batch norm, ReLU) in 5 stages of widths w, 2w, 4w, 8w, 8w, each ending in a
 *   2×2 max-pool → [1, 1, n, 8w] → mean over space → linear
 *
 * Noise γ stands after each of the 13 ReLUs and on the pooled features. T is the last stage's output after its noise,
 * averaged over space. The max-pool stands before its stage's last ReLU, with which it commutes: the function is the
 * same, and T is a mean of Gaussian noise about T̄ rather than a maximum of noisy values.
 *
 * Other sizes: an odd side is pooled to its half rounded up, so that one pixel stays one pixel and no border is lost.
 * Parameters are named as torchvision's `vgg16_bn` (`features.0` …), the last layer `classifier`.
 */
import { maxPool, relu } from '../engine/index.js';
import { pooled, pooledHead } from './pooled-head.js';
import type { Model, Readout } from './types.js';

/** Convolutions of each stage. */
const STAGES = [2, 2, 3, 3, 3];

export const vgg16: Model = {
  name: 'vgg16',
  summary: 'VGG-16 with batch norm for 32×32 images; width 64 is the paper’s',
  source: 'Simonyan and Zisserman 2015, Very Deep Convolutional Networks for Large-Scale Image Recognition',
  defaultWidth: 64,
  layers: STAGES.map((_, s) => `stage${s + 1}`),
  forward(l, x, { classes, width }) {
    let h = x;
    const layers: Record<string, Readout> = {};
    // Convolution, batch norm and ReLU are three entries of `features`, a max-pool is one.
    let at = 0;
    STAGES.forEach((convs, stage) => {
      for (let k = 1; k <= convs; k++, at += 3) {
        const y = l.biasedConv(`features.${at}`, h, width * Math.min(8, 1 << stage), 3);
        const z = l.batchNorm(`features.${at + 1}`, y);
        const last = relu(k === convs ? maxPool(z) : z);
        h = l.noise(last);
        layers[`stage${stage + 1}`] = pooled(l, last, h);
      }
      at++;
    });
    return pooledHead(l, 'classifier', layers, classes);
  },
};
