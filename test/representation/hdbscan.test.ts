/** The condensed tree of HDBSCAN, against one built from SciPy's single linkage (test/golden/density_tree.py). */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type DenseCluster, densityTree } from '../../src/representation/hdbscan.js';

const golden = JSON.parse(readFileSync(new URL('../golden/density_tree.json', import.meta.url), 'utf8')) as {
  fewest: number;
  points: number[];
  root: DenseCluster;
  cuts: { density: number; sizes: number[]; largest: number[] }[];
};
const points = { data: Float32Array.from(golden.points), n: golden.points.length / 2, d: 2 };

/** Clusters in one order: of two children of equal size either may come first. */
const flat = (c: DenseCluster): number[][] =>
  [[c.birth, c.death, c.size, c.intact], ...c.children.flatMap(flat)].sort((p, q) => p[0] - q[0] || p[1] - q[1]);

describe('density tree', () => {
  const tree = densityTree(points, golden.fewest);

  it('has the clusters, births, deaths and sizes of SciPy’s tree', () => {
    const [found, expected] = [flat(tree.root), flat(golden.root)];
    expect(found).toHaveLength(expected.length);
    found.forEach((cluster, i) => {
      cluster.forEach((v, k) => {
        expect(v).toBeCloseTo(expected[i][k], 6);
      });
    });
  });

  it.each(golden.cuts)(
    'at density $density has the same clusters, the largest first',
    ({ density, sizes, largest }) => {
      const cluster = tree.clustersAt(density);
      expect(sizes.map((_, k) => cluster.filter((c) => c === k).length)).toEqual(sizes);
      expect(cluster.every((c) => c >= -1 && c < sizes.length)).toBe(true);
      expect([...cluster.keys()].filter((i) => cluster[i] === 0)).toEqual(largest);
    },
  );
});
