/**
 * InfoNCE (van den Oord, Li and Vinyals 2018): I(A;B) ≥ E[f(a,b) − log meanⱼ exp f(a,bⱼ)], at most log K for K candidates.
 *
 * `quick`: the value is that on held-out samples (cross-fitting). `paper`: the protocol of arXiv 2511.21923, whose value is the training
 * objective.
 */
import { type NeuralOptions, neural, nothing, pairedSides, reporter, toEstimate } from './neural.js';
import { PAPER, paperInfoNce } from './paper.js';
import type { Estimator } from './types.js';

/** Settings of `infonce`. */
export interface InfoNceOptions extends NeuralOptions {
  /** Default `quick`. */
  preset?: 'quick' | 'paper';
  /** Quantity whose settings the paper preset uses. Default `I(X;T)`. */
  quantity?: keyof typeof PAPER;
}

const method = {
  name: 'infonce',
  summary: 'neural lower bound with a critic, any dimension; at most log of the number of candidates',
  source: 'van den Oord, Li and Vinyals 2018, arXiv 1807.03748',
};

/**
 * InfoNCE (van den Oord, Li and Vinyals 2018): a lower bound of at most the logarithm of the number of candidates. `quick`: the value on
 * held-out samples. `paper`: the protocol of arXiv 2511.21923, whose value is the training objective.
 */
export function infonce({ preset = 'quick', quantity = 'I(X;T)', ...options }: InfoNceOptions = {}): Estimator {
  if (preset === 'quick') return neural(method, options);
  return {
    ...method,
    async estimate(a, b, call) {
      const { sides, samples, warnings, constant } = pairedSides('infonce', a, b, false, call);
      if (constant) return nothing('infonce', samples, warnings);
      const group = [Int32Array.from({ length: samples }, (_, i) => i)];
      const { threads } = options;
      const ofCall = { seed: call.seed, progress: reporter(call), threads };
      const [found] = await paperInfoNce(sides, group, PAPER[quantity], ofCall);
      warnings.push(
        'The value is the training objective, as in the paper: it contains what the critic memorised. The held-out value does not.',
      );
      return toEstimate('infonce', found, warnings);
    },
  };
}
