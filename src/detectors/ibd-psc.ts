/**
 * IBD-PSC: with the scales and shifts of the last batch norms amplified, the prediction of a triggered image stays, and that of a clean one
 * changes (parameter-oriented scaling consistency).
 *
 * Hou et al., "IBD-PSC: Input-level Backdoor Detection via Parameter-oriented Scaling Consistency", ICML 2024 (arXiv 2405.09786).
 */
import { UserError } from '../base/errors.js';
import { defineDetector, type Network, type Observed } from './types.js';

/** ω, the factor. */
const AMPLIFIED = 1.5;
/** n, amplified networks. */
const NETWORKS = 5;
/** ξ, share of trusted images that the first amplified network must get wrong. */
const WRONG = 0.6;
/** T, mean confidence above which an input is flagged. */
const CONFIDENT = 0.9;

/**
 * The score is the mean confidence, over amplified networks, in the class that the network itself predicts. With k the fewest last batch
 * norms whose amplification makes the network get 60 % of the trusted images wrong, the five networks have k + 1 to k + 5 amplified, as in
 * the authors' code (the paper: k to k + 4). Throws `UserError` for a network without batch norm.
 */
export const ibdPsc = defineDetector({
  name: 'IBD-PSC',
  summary: 'predictions that stay when batch norms are amplified',
  source: 'Hou et al., ICML 2024, arXiv 2405.09786',
  threatModel: 'C',
  needs: ['set', 'classes', 'network', 'trusted'],
  async detect({ set, classes, network, trusted }, step) {
    if (network.batchNorms === 0) throw new UserError('IBD-PSC: the network has no batch norm');
    const first = Math.min(network.batchNorms, 1 + (await fewestAmplified(network, trusted, classes)));
    const own = predictions(await network.logits(set), classes);
    const scores = new Float64Array(set.n);
    const last = Math.min(first + NETWORKS - 1, network.batchNorms);
    for (let layers = first; layers <= last; layers++) {
      const logits = await network.amplified(set, layers, AMPLIFIED);
      for (let i = 0; i < set.n; i++)
        scores[i] += confidence(logits.subarray(i * classes, (i + 1) * classes), own[i]) / (last - first + 1);
      step?.((layers - first + 1) / (last - first + 1));
    }
    return {
      scores,
      flagged: Uint8Array.from(scores, (s) => Number(s > CONFIDENT)),
      classScores: null,
      targets: null,
    };
  },
});

/** k: how many of the last batch norms must be amplified; where no number is enough, the largest that leaves room for five networks. */
async function fewestAmplified(network: Network, { set }: Observed['trusted'], classes: number): Promise<number> {
  for (let layers = 1; layers < network.batchNorms; layers++) {
    const found = predictions(await network.amplified(set, layers, AMPLIFIED), classes);
    const wrong = found.reduce((s, y, i) => s + Number(y !== set.labels[i]), 0);
    if (wrong / set.n > WRONG) return layers;
  }
  return Math.max(1, network.batchNorms - NETWORKS);
}

/** The class with the largest logit of each row, [n]. */
function predictions(logits: Float32Array, classes: number): Int32Array {
  return Int32Array.from({ length: logits.length / classes }, (_, i) => {
    let best = 0;
    for (let k = 1; k < classes; k++) if (logits[i * classes + k] > logits[i * classes + best]) best = k;
    return best;
  });
}

/** Softmax of some logits at one class. */
function confidence(logits: Float32Array, label: number): number {
  let sum = 0;
  for (const z of logits) sum += Math.exp(z - logits[label]);
  return 1 / sum;
}
