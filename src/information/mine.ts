/**
 * MINE (Belghazi et al. 2018): the Donsker–Varadhan bound I(A;B) ≥ E[f] − ln E'[eᶠ].
 *
 * The gradient of the logarithm on a batch, E'[eᶠ ∇f] / E'[eᶠ], is biased by the batch's own denominator. The denominator is therefore the
 * moving average over steps (their section 3.2). On held-out samples the logarithm of a mean leaves an upward bias of about
 * var(eᶠ) / 2n(n−1)E'[eᶠ]².
 */
import { exp, sub } from '../engine/index.js';
import { type NeuralOptions, neural } from './neural.js';
import { joint, type Objective } from './objective.js';
import type { Estimator } from './types.js';

const objective: Objective = {
  name: 'mine',
  kernel: exp,
  outer: 'log',
  // exp(partition − average) has the gradient E'[eᶠ ∇f] / average.
  climb: (f, partition, average) => sub(joint(f), exp(sub(partition, average))),
};

/** MINE (Belghazi et al. 2018): the Donsker–Varadhan lower bound, held out, with the bias-corrected gradient. */
export function mine(options: NeuralOptions = {}): Estimator {
  return neural(
    {
      name: 'mine',
      summary: 'Donsker–Varadhan neural lower bound with the bias-corrected gradient',
      source: 'Belghazi et al. 2018, arXiv 1801.04062',
      objective,
    },
    options,
  );
}
