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
import { defineDetector } from './types.js';

/** Dimensions of the reduced features, as in the paper. */
const COMPONENTS = 10;
/** Samples a class needs to be split: three per dimension. Smaller classes score 0. */
const FEWEST_SAMPLES = 30;

/**
 * A class counts as split if the smaller cluster has less than this share of it, and the mean silhouette is above that: the defaults of
 * the authors' own implementation (the Adversarial Robustness Toolbox), within the ranges of the paper.
 */
const [SMALLER, CLEARER] = [0.35, 0.1];

/**
 * The score is the mean silhouette of the class's split for samples of the smaller cluster, and its negative for the others. The smaller
 * clusters of classes that count as split are flagged.
 */
export const activationClustering = defineDetector({
  name: 'AC',
  summary: 'two clusters within a class, in T',
  source: 'Chen et al. 2018, arXiv 1811.03728',
  threatModel: 'A',
  needs: ['set', 'classes', 'features', 'seed'],
  async detect({ set, classes, features, seed }) {
    const scores = new Float64Array(set.n);
    const flagged = new Uint8Array(set.n);
    const classScores = new Float64Array(classes);
    const targets: number[] = [];
    for (const [label, rows] of indicesByClass(set.labels, classes).entries()) {
      if (rows.length < FEWEST_SAMPLES) continue;
      const points = await principalComponents(rowsOf(features, rows), Math.min(COMPONENTS, features.d), seed);
      const { cluster } = twoMeans(points, seed);
      const ones = cluster.reduce((s, v) => s + v, 0);
      const small = Number(ones <= rows.length / 2);
      const each = silhouettes(distances(points), Int32Array.from(cluster));
      const mean = each.reduce((a, b) => a + b, 0) / each.length;
      classScores[label] = mean;
      const isSplit = Math.min(ones, rows.length - ones) < SMALLER * rows.length && mean > CLEARER;
      if (isSplit) targets.push(label);
      rows.forEach((r, i) => {
        scores[r] = cluster[i] === small ? mean : -mean;
        flagged[r] = Number(isSplit && cluster[i] === small);
      });
    }
    return { scores, flagged, classScores, targets };
  },
});
