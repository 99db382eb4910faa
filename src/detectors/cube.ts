/**
 * CUBE: within each class, texts outside the largest cluster of T, by density, after UMAP.
 *
 * Cui et al., "A Unified Evaluation of Textual Backdoor Learning: Frameworks and Benchmarks", NeurIPS 2022 (arXiv 2206.08514), Section 5.
 */
import { indicesByClass } from '../datasets/limits.js';
import { rowsOf } from '../information/columns.js';
import { umap } from '../representation/embedding.js';
import { densityTree } from '../representation/hdbscan.js';
import { defineDetector } from './types.js';

/** Neighbours and least distance of UMAP, and the fewest points of a cluster, as in the authors' code. Theirs has ten dimensions, here are two. */
const [NEIGHBOURS, CLOSEST, FEWEST] = [100, 0.5, 100];
/** A cluster of a small class: this share of it. */
const SHARE = 0.05;

/** The score is 1 outside the largest of the clusters into which a class first splits, ½ for texts of none, 0 inside. Texts outside, and those of no cluster, are flagged. */
export const cube = defineDetector({
  name: 'CUBE',
  summary: 'texts outside the largest cluster of their class, in T',
  source: 'Cui et al., NeurIPS 2022, arXiv 2206.08514',
  threatModel: 'A',
  reads: 'texts',
  needs: ['set', 'classes', 'features', 'seed'],
  async detect({ set, classes, features, seed }, step) {
    const scores = new Float64Array(set.n);
    for (const [c, rows] of indicesByClass(set.labels, classes).entries()) {
      step?.(c / classes);
      const fewest = Math.min(FEWEST, Math.max(10, Math.round(SHARE * rows.length)));
      if (rows.length < 2 * fewest) continue;
      const points = { data: umap(rowsOf(features, rows), NEIGHBOURS, CLOSEST, seed), n: rows.length, d: 2 };
      const { root, clustersAt } = densityTree(points, fewest);
      if (root.children.length === 0) continue;
      // Just below the density at which the class has split.
      const cluster = clustersAt(root.death * (1 + 1e-9));
      for (const [k, i] of rows.entries()) scores[i] = cluster[k] === 0 ? 0 : cluster[k] < 0 ? 0.5 : 1;
    }
    return { scores, flagged: Uint8Array.from(scores, (s) => Number(s > 0)), classScores: null, targets: null };
  },
});
