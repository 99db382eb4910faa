/** The end of every convolutional model: T by pooling over space, and a linear classifier that reads T through noise. */
import { mean, type Tensor } from '../engine/index.js';
import type { Layers } from './layers.js';
import type { Forward } from './types.js';

/** `last` [n, c, h, w]: output of the last stage; `noisy`: `l.noise(last)`. T has the noise's mean over h·w values. */
export function pooledHead(l: Layers, name: string, last: Tensor, noisy: Tensor, classes: number): Forward {
  const representation = mean(noisy, [2, 3]);
  return {
    representation,
    representationMean: mean(last, [2, 3]),
    representationNoise: l.noiseStd / Math.sqrt(last.shape[2] * last.shape[3]),
    logits: l.linear(name, l.noise(representation), classes),
  };
}
