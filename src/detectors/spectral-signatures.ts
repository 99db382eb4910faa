/**
 * Spectral Signatures: within each class, the outlier score of a sample is the square of its centred features along their first
 * singular vector.
 *
 * Tran, Li and Mądry, "Spectral Signatures in Backdoor Attacks", NeurIPS 2018 (arXiv 1811.00636), Algorithm 1.
 */
import { indicesByClass } from '../datasets/limits.js';
import { principalComponents, rowsOf } from '../information/columns.js';
import { highest } from './highest.js';
import { defineDetector } from './types.js';

/** How much more is removed than may be poisoned, as in the paper. */
const MARGIN = 1.5;

/**
 * The score is the outlier score divided by its mean over the class, which puts all classes on one scale. Of every class, the 1.5·ε·n
 * samples with the highest scores are flagged (at most half of the class): the rule finds poison in every set.
 */
export const spectralSignatures = defineDetector({
  name: 'SS',
  summary: 'outliers along the first singular vector of a class, in T',
  source: 'Tran et al., NeurIPS 2018, arXiv 1811.00636',
  threatModel: 'A',
  needs: ['set', 'classes', 'features', 'epsilon', 'seed'],
  async detect({ set, classes, features, epsilon, seed }) {
    const scores = new Float64Array(set.n);
    const flagged = new Uint8Array(set.n);
    const removed = Math.floor(MARGIN * epsilon * set.n);
    for (const rows of indicesByClass(set.labels, classes)) {
      if (rows.length < 2) continue;
      // One component, scaled to mean square 1.
      const { data } = await principalComponents(rowsOf(features, rows), 1, seed);
      rows.forEach((r, i) => {
        scores[r] = data[i] ** 2;
      });
      const most = highest(scores, rows, Math.min(removed, Math.floor(rows.length / 2)));
      for (const r of rows) flagged[r] = most[r];
    }
    return { scores, flagged, classScores: null, targets: null };
  },
});
