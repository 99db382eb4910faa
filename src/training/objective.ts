/** What a training step minimises, as a function of the cross-entropy of its samples. */
import { maximum, mean, neg, sub, type Tensor } from '../engine/index.js';

/**
 * `loss`: the mean cross-entropy ℓ. `local-ascent`: mean of sign(ℓ − γ)·ℓ with γ of `LOCAL_ASCENT`, which keeps the loss of every sample near γ (Li et al.,
 * "Anti-Backdoor Learning", NeurIPS 2021, arXiv 2110.11571, equation 4). `ascent`: −ℓ, by which a network unlearns the samples.
 */
export type Objective = 'loss' | 'local-ascent' | 'ascent';

/** γ of local gradient ascent, nats: the paper's value. */
export const LOCAL_ASCENT = 0.5;

/** The objective of `losses` [n], nats. */
export function objectiveOf(losses: Tensor, objective: Objective): Tensor {
  if (objective === 'loss') return mean(losses);
  if (objective === 'ascent') return neg(mean(losses));
  // |ℓ − γ| has the gradient of sign(ℓ − γ)·ℓ.
  const above = sub(losses, LOCAL_ASCENT);
  return mean(maximum(above, neg(above)));
}
