/**
 * Activation Clustering (Chen et al. 2018, Detecting Backdoor Attacks on Deep Neural Networks by Activation Clustering): the features
 * of each class are reduced to ten dimensions and split by 2-means; a class is suspicious where the split is clear (silhouette), and
 * its smaller part is the payload. The paper reduces by ICA; principal components span the same space, in which 2-means works.
 */

import { principalComponents, rowsOf } from '../../information/columns.js';
import { distances, silhouettes } from '../../representation/silhouette.js';
import type { Look } from '../look.js';
import { FEWEST_SAMPLES, membersOf } from '../signals.js';
import { twoMeans } from '../two-means.js';

const COMPONENTS = 10;

/** Score of every sample, [n]: the silhouette of its class's split in the smaller part, its negative in the larger. */
export async function activationClustering({ features }: Look, labels: Int32Array, classes: number, seed: number) {
  const scores = new Float64Array(labels.length);
  for (const rows of membersOf(labels, classes)) {
    if (rows.length < FEWEST_SAMPLES) continue;
    const points = await principalComponents(rowsOf(features, rows), Math.min(COMPONENTS, features.d), seed);
    const { side } = twoMeans(points, seed);
    const ones = side.reduce((s, v) => s + v, 0);
    const small = Number(ones <= rows.length / 2);
    const each = silhouettes(distances(points), Int32Array.from(side));
    const mean = each.reduce((a, b) => a + b, 0) / each.length;
    rows.forEach((r, i) => {
      scores[r] = side[i] === small ? mean : -mean;
    });
  }
  return scores;
}
