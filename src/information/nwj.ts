/**
 * NWJ (Nguyen, Wainwright and Jordan 2010, the f-GAN bound of the Kullback–Leibler divergence): I(A;B) ≥ 1 + E[f] − E'[eᶠ],
 * with f larger by 1 than in the usual notation, so that the constant critic 0 gives the value 0. The optimal critic is the log-ratio
 * ln p(a,b)/p(a)p(b).
 *
 * The value is unbiased on held-out samples for any critic, and so a lower bound. E'[eᶠ] is a mean of ratios as large as e^I, so its variance
 * becomes very large above about ln n nats (McAllester and Stratos 2020).
 */
import { exp } from '../engine/index.js';
import { type NeuralOptions, neural } from './neural.js';
import type { Objective } from './objective.js';
import type { Estimator } from './types.js';

const objective: Objective = { name: 'nwj', kernel: exp, outer: 'linear' };

/** NWJ (Nguyen, Wainwright and Jordan 2010): a held-out lower bound without a ceiling, whose spread grows as e^I. */
export function nwj(options: NeuralOptions = {}): Estimator {
  return neural(
    {
      name: 'nwj',
      summary: 'neural lower bound without a ceiling; its spread grows as e to the information',
      source: 'Nguyen, Wainwright and Jordan 2010, IEEE Trans. Inf. Theory 56(11)',
      objective,
    },
    options,
  );
}
