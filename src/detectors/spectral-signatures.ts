/**
 * Spectral Signatures: within each class, the outlier score of a sample is the square of its centred features along their first
 * singular vector.
 *
 * Tran, Li and Mądry, "Spectral Signatures in Backdoor Attacks", NeurIPS 2018 (arXiv 1811.00636), Algorithm 1.
 */
import { indicesByClass } from '../datasets/limits.js';
import { principalComponents, rowsOf } from '../information/columns.js';
import type { Detector } from './types.js';

/** The score is the outlier score divided by its mean over the class, which puts all classes on one scale. */
export const spectralSignatures: Detector<'set' | 'classes' | 'features' | 'seed'> = {
  name: 'SS',
  async score({ set, classes, features, seed }) {
    const scores = new Float64Array(set.n);
    for (const rows of indicesByClass(set.labels, classes)) {
      if (rows.length < 2) continue;
      // One component, scaled to mean square 1.
      const { data } = await principalComponents(rowsOf(features, rows), 1, seed);
      rows.forEach((r, i) => {
        scores[r] = data[i] ** 2;
      });
    }
    return scores;
  },
};
