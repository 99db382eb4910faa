/**
 * SMILE (Song and Ermon 2020): E[f] − ln E'[clip(eᶠ, e^−τ, e^τ)], f trained with the Jensen–Shannon objective of an f-GAN,
 * whose best critic is the log-ratio ln p(a,b)/p(a)p(b).
 *
 * Clipping tames the spread of the second term and takes the bound away: cut above, the term is too small and the value too
 * high; cut below, too large and too low. The value is *not* a lower bound.
 */
import { exp, maximum, minimum, neg, sub } from '../engine/index.js';
import { type NeuralOptions, neural } from './neural.js';
import { independent, joint, type Objective, softplus } from './objective.js';
import type { Estimator } from './types.js';

/** Settings of `smile`. */
export interface SmileOptions extends NeuralOptions {
  /** τ in nats. Default 5. */
  clip?: number;
}

export const smileObjective = (clip: number): Objective => ({
  name: 'smile',
  kernel: (f) => exp(minimum(maximum(f, -clip), clip)),
  outer: 'log',
  climb: (f) => sub(neg(joint(softplus(neg(f)))), independent(softplus(f))),
});

/** SMILE (Song and Ermon 2020): a held-out estimate with clipped ratios. No lower bound. */
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
