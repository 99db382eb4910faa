/**
 * FLARE: what enters a batch norm is rarely likely under its running statistics where a trigger is processed, in whichever layer that
 * happens. A sample is described by the least likely value in every batch norm; the whole set is clustered at once, so several targets
 * are no obstacle. The last layers, in which clean samples of different classes come apart, are left out one after another until the
 * clean samples form one stable cluster.
 *
 * Hou et al., "FLARE: Toward Universal Dataset Purification against Backdoor Attacks", IEEE TIFS 2025 (arXiv 2411.19479), Algorithm 1,
 * with the constants of the authors' code. That code takes the largest cluster for the clean one.
 */
import { UserError } from '../base/errors.js';
import type { Matrix } from '../information/columns.js';
import { umap } from '../representation/embedding.js';
import { type DenseCluster, densityTree } from '../representation/hdbscan.js';
import { defineDetector } from './types.js';

/** Neighbours of UMAP. */
const NEIGHBOURS = 40;
/** Fewest samples of a cluster. */
const FEWEST = 100;
/** ξ, the difference in density for which a cluster must hold together to count as stable. */
const STABLE = 0.02;
/** Splits that the search follows down the largest cluster. */
const DEPTH = 3;

/**
 * The score is 1 for samples outside the largest cluster, 0 inside, ½ for those of no cluster, which the rule keeps. Throws `UserError`
 * for a network without batch norm and for fewer than 200 samples.
 */
export const flare = defineDetector({
  name: 'FLARE',
  summary: 'rare values in any batch norm, the whole set at once',
  source: 'Hou et al., IEEE TIFS 2025, arXiv 2411.19479',
  threatModel: 'A',
  needs: ['set', 'network', 'seed'],
  async detect({ set, network, seed }, step) {
    if (network.batchNorms === 0) throw new UserError('FLARE: the network has no batch norm');
    if (set.n < 2 * FEWEST)
      throw new UserError(`FLARE: ${set.n} samples; at least ${2 * FEWEST} are needed, two clusters of ${FEWEST}`);
    const cluster = await clustersOf(await network.likelihoods(set), seed, step);
    const scores = Float64Array.from(cluster, (c) => (c === 0 ? 0 : c < 0 ? 0.5 : 1));
    return { scores, flagged: Uint8Array.from(cluster, (c) => Number(c > 0)), classScores: null, targets: null };
  },
});

/** Cluster of each sample in the first subspace with a stable one, 0 the largest; all 0 where there is none. [n] */
async function clustersOf(rarity: Matrix, seed: number, step?: (share: number) => void): Promise<Int32Array> {
  for (let layers = rarity.d; layers >= 1; layers--) {
    const tree = densityTree(
      { data: umap(firstColumns(rarity, layers), NEIGHBOURS, 0, seed), n: rarity.n, d: 2 },
      FEWEST,
    );
    step?.((rarity.d - layers + 1) / rarity.d);
    const split = stableUntil(tree.root);
    if (split !== null) return tree.clustersAt(split);
  }
  return new Int32Array(rarity.n);
}

/**
 * λ just before the first stable cluster on the way down the largest ones splits, or loses its first point if it never splits; null if there
 * is no stable one.
 */
function stableUntil(root: DenseCluster): number | null {
  // The search begins below the whole set, as in the authors' code.
  let at = root.children[0] as DenseCluster | undefined;
  for (let depth = 0; at && depth < DEPTH; depth++) {
    if (at.death - at.birth > STABLE) return (at.children.length > 0 ? at.death : at.intact) * (1 - 1e-9);
    at = at.children[0];
  }
  return null;
}

/** The first `k` columns. */
const firstColumns = ({ data, n, d }: Matrix, k: number): Matrix => ({
  data: Float32Array.from({ length: n * k }, (_, i) => data[Math.floor(i / k) * d + (i % k)]),
  n,
  d: k,
});
