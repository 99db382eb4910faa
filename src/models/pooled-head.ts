/** The common end of all convolutional models: T is a stage averaged over space, and a linear classifier reads T with noise. */
import { spatialMean, type Tensor } from '../engine/index.js';
import type { Layers } from './layers.js';
import type { Forward, Readout } from './types.js';

/** T of a stage with the output `last` [h, w, n, c] and the noisy output `noisy` (`l.noise(last)`). The noise of T is a mean of h·w values. */
export function pooled(l: Layers, last: Tensor, noisy: Tensor): Readout {
  return {
    representation: spatialMean(noisy),
    representationMean: spatialMean(last),
    representationNoise: l.noiseStd / Math.sqrt(last.shape[0] * last.shape[1]),
  };
}

/** The forward pass with the classifier `name` on the last of the `layers`. */
export function pooledHead(l: Layers, name: string, layers: Record<string, Readout>, classes: number): Forward {
  const last = Object.values(layers).at(-1)!;
  return { ...last, logits: l.linear(name, l.noise(last.representation), classes), layers };
}
