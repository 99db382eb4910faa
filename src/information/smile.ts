/**
 * SMILE (Song and Ermon 2020): E[f] − ln E'[clip(eᶠ, e^−τ, e^τ)], f trained with the Jensen–Shannon objective of an f-GAN,
 * whose optimal critic is the log-ratio ln p(a,b)/p(a)p(b).
 *
 * Clipping reduces the variance of the second term but makes it biased: clipping from above makes the value too high, clipping from below too
 * low. The value is *not* a lower bound.
 */
import { exp, maximum, minimum, neg, sub } from '../engine/index.js';
import { type NeuralOptions, neural } from './neural.js';
import { independent, joint, type Objective, softplus } from './objective.js';
import type { Estimator } from './types.js';

/** Settings of `smile`. */
export interface SmileOptions extends NeuralOptions {
  /** τ in nats. Default 5, one of the values of the authors. */
  clip?: number;
}

/** SMILE's objective with clipping at τ = `clip` nats. */
export const smileObjective = (clip: number): Objective => ({
  name: 'smile',
  kernel: (f) => exp(minimum(maximum(f, -clip), clip)),
  outer: 'log',
  climb: (f) => sub(neg(joint(softplus(neg(f)))), independent(softplus(f))),
});

/** SMILE (Song and Ermon 2020): an estimate on held-out samples with clipped ratios, which is not a lower bound. */
export function smile({ clip = 5, ...options }: SmileOptions = {}): Estimator {
  return neural(
    {
      name: 'smile',
      summary: `neural estimate with clipped ratios (τ = ${clip}); not a lower bound`,
      source: 'Song and Ermon 2020, arXiv 1910.06222',
      objective: smileObjective(clip),
    },
    options,
  );
}
