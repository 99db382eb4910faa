/** What every convolutional model shares: T by pooling a stage over space, and a linear classifier that reads T through noise. */
import { spatialMean, type Tensor } from '../engine/index.js';
import type { Layers } from './layers.js';
import type { Forward, Readout } from './types.js';

/** T of a stage. `last` [h, w, n, c]: its output; `noisy`: `l.noise(last)`. T has the noise's mean over h·w values. */
export function pooled(l: Layers, last: Tensor, noisy: Tensor): Readout {
  return {
    representation: spatialMean(noisy),
    representationMean: spatialMean(last),
    representationNoise: l.noiseStd / Math.sqrt(last.shape[0] * last.shape[1]),
  };
}

/** The classifier `name` on the last of the `layers`. */
export function pooledHead(l: Layers, name: string, layers: Record<string, Readout>, classes: number): Forward {
  const last = Object.values(layers).at(-1)!;
  return { ...last, logits: l.linear(name, l.noise(last.representation), classes), layers };
}
