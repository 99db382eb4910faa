/**
 * The isolation stage of Anti-Backdoor Learning (ABL): poisoned samples are learned first, so the samples with the lowest loss part
 * of the way through training are isolated.
 *
 * Li et al., "Anti-Backdoor Learning: Training Clean Models on Poisoned Data", NeurIPS 2021 (arXiv 2110.11571). The paper holds
 * losses near a threshold by local gradient ascent, in a training made for that alone; this file reads the loss of an ordinary one.
 */
import { highest } from './highest.js';
import { defineDetector } from './types.js';

/** Share of the set that is isolated, as in the paper. */
const ISOLATED = 0.01;

/** The score is the loss, nats, negated. The 1 % of the samples with the lowest loss are flagged, poisoned or not: the rule finds poison in every set. */
export const lossIsolation = defineDetector({
  name: 'ABL',
  summary: 'samples that are learned first',
  source: 'Li et al., NeurIPS 2021, arXiv 2110.11571',
  threatModel: 'A',
  needs: ['loss'],
  async detect({ loss }) {
    const scores = Float64Array.from(loss, (v) => -v);
    const flagged = highest(scores, scores.keys(), Math.floor(ISOLATED * scores.length));
    return { scores, flagged, classScores: null, targets: null };
  },
});
