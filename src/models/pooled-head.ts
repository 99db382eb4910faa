/** The end of every convolutional model: T by pooling over space, and a linear classifier that reads T through noise. */
import { spatialMean, type Tensor } from '../engine/index.js';
import type { Layers } from './layers.js';
import type { Forward } from './types.js';

/** `last` [h, w, n, c]: output of the last stage; `noisy`: `l.noise(last)`. T has the noise's mean over h·w values. */
export function pooledHead(l: Layers, name: string, last: Tensor, noisy: Tensor, classes: number): Forward {
  const representation = spatialMean(noisy);
  return {
    representation,
    representationMean: spatialMean(last),
    representationNoise: l.noiseStd / Math.sqrt(last.shape[0] * last.shape[1]),
    logits: l.linear(name, l.noise(representation), classes),
  };
}
