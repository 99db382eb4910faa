/**
 * Spectral Signatures (Tran, Li and Mądry 2018): within each class, the square of a sample's centred features along their first
 * singular vector is its outlier score.
 */

import { principalComponents, rowsOf } from '../../information/columns.js';
import type { Look } from '../look.js';
import { membersOf } from '../signals.js';

/** Outlier score of every sample, [n], over its class's mean: classes are compared on one scale. */
export async function spectralSignatures({ features }: Look, labels: Int32Array, classes: number, seed: number) {
  const scores = new Float64Array(labels.length);
  for (const rows of membersOf(labels, classes)) {
    if (rows.length < 2) continue;
    // One component, scaled to mean square 1.
    const { data } = await principalComponents(rowsOf(features, rows), 1, seed);
    rows.forEach((r, i) => {
      scores[r] = data[i] ** 2;
    });
  }
  return scores;
}
