/**
 * Activation Clustering: within each class, the features are reduced to ten dimensions and split by 2-means. The smaller cluster is
 * taken for the poisoned one, with more confidence the clearer the split is (silhouette).
 *
 * Chen et al., "Detecting Backdoor Attacks on Deep Neural Networks by Activation Clustering", 2018 (arXiv 1811.03728). The paper
 * reduces by ICA; principal components span the same space, and 2-means depends on the space alone.
 */
import { indicesByClass } from '../datasets/limits.js';
import { principalComponents, rowsOf } from '../information/columns.js';
import { distances, silhouettes } from '../representation/silhouette.js';
import { twoMeans } from '../representation/two-means.js';
import type { Detector } from './types.js';

/** Dimensions of the reduced features, as in the paper. */
const COMPONENTS = 10;
/** Samples a class needs to be split: three per dimension. Smaller classes score 0. */
const FEWEST_SAMPLES = 30;

/** The score is the mean silhouette of the class's split for samples of the smaller cluster, and its negative for the others. */
export const activationClustering: Detector<'set' | 'classes' | 'features' | 'seed'> = {
  name: 'AC',
  async score({ set, classes, features, seed }) {
    const scores = new Float64Array(set.n);
    for (const rows of indicesByClass(set.labels, classes)) {
      if (rows.length < FEWEST_SAMPLES) continue;
      const points = await principalComponents(rowsOf(features, rows), Math.min(COMPONENTS, features.d), seed);
      const { cluster } = twoMeans(points, seed);
      const ones = cluster.reduce((s, v) => s + v, 0);
      const small = Number(ones <= rows.length / 2);
      const each = silhouettes(distances(points), Int32Array.from(cluster));
      const mean = each.reduce((a, b) => a + b, 0) / each.length;
      rows.forEach((r, i) => {
        scores[r] = cluster[i] === small ? mean : -mean;
      });
    }
    return scores;
  },
};
