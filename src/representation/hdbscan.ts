/**
 * Density-based clusters at every density at once: the tree of HDBSCAN, with its clusters condensed.
 *
 * Campello, Moulavi and Sander, "Density-Based Clustering Based on Hierarchical Density Estimates", PAKDD 2013. The core distance of a
 * point is that to its k-th nearest neighbour, itself counted; two points are as far apart as the largest of their distance and their core
 * distances; a cluster at density λ is a component of points at most 1/λ apart.
 */
import type { Matrix } from '../information/columns.js';

/** An edge of the minimum spanning tree. */
interface Edge {
  a: number;
  b: number;
  distance: number;
}

/** A cluster of the condensed tree. */
export interface DenseCluster {
  /** λ = 1/distance at which it comes apart from the rest; 0 for the whole set. */
  birth: number;
  /** λ up to which it keeps all its points. */
  intact: number;
  /** λ at which it splits into two clusters of enough points, or at which its last point leaves it. */
  death: number;
  /** Points at its birth. */
  size: number;
  /** The two clusters that it splits into; none for a leaf. */
  children: DenseCluster[];
}

export interface DensityTree {
  root: DenseCluster;
  /** Cluster of each point at density λ, from 0 on in order of size, the largest first; −1 for points of components under the fewest points. [n] */
  clustersAt(lambda: number): Int32Array;
}

/** Points [n, d] and the fewest points of a cluster, which is k too. Time grows with n². */
export function densityTree(points: Matrix, fewest: number): DensityTree {
  const edges = spanningTree(points, fewest).sort((p, q) => p.distance - q.distance);
  return { root: condensed(edges, points.n, fewest), clustersAt: (l) => components(edges, points.n, 1 / l, fewest) };
}

const distance = ({ data, d }: Matrix, i: number, j: number) => {
  let s = 0;
  for (let k = 0; k < d; k++) s += (data[i * d + k] - data[j * d + k]) ** 2;
  return Math.sqrt(s);
};

/** Distance of each point to its k-th nearest neighbour, itself counted, [n]. */
function coreDistances(points: Matrix, k: number): Float64Array {
  const { n } = points;
  const row = new Float64Array(n);
  return Float64Array.from({ length: n }, (_, i) => {
    for (let j = 0; j < n; j++) row[j] = distance(points, i, j);
    return row.sort()[Math.min(k, n) - 1];
  });
}

/** Minimum spanning tree of mutual reachability (Prim's algorithm). */
function spanningTree(points: Matrix, k: number): Edge[] {
  const { n } = points;
  const core = coreDistances(points, k);
  const nearest = new Float64Array(n).fill(Number.POSITIVE_INFINITY);
  const from = new Int32Array(n);
  const inTree = new Uint8Array(n);
  const edges: Edge[] = [];
  for (let at = 0; edges.length < n - 1; ) {
    inTree[at] = 1;
    let next = -1;
    for (let j = 0; j < n; j++) {
      if (inTree[j]) continue;
      const far = Math.max(distance(points, at, j), core[at], core[j]);
      if (far < nearest[j]) {
        nearest[j] = far;
        from[j] = at;
      }
      if (next < 0 || nearest[j] < nearest[next]) next = j;
    }
    edges.push({ a: from[next], b: next, distance: nearest[next] });
    at = next;
  }
  return edges;
}

/** A node of the single-linkage tree: a point, or what an edge joins. */
interface Joined {
  size: number;
  distance: number;
  parts: readonly Joined[];
}

const POINT: Joined = { size: 1, distance: 0, parts: [] };

/** Finds the component of a point, and shortens the path to it. */
function rootOf(parent: Int32Array, i: number): number {
  let top = i;
  while (parent[top] !== top) top = parent[top];
  for (let at = i; parent[at] !== top; ) [at, parent[at]] = [parent[at], top];
  return top;
}

/** The single-linkage tree without what is smaller than `fewest` points. */
function condensed(sorted: readonly Edge[], n: number, fewest: number): DenseCluster {
  const parent = Int32Array.from({ length: n }, (_, i) => i);
  const node: Joined[] = Array(n).fill(POINT);
  for (const { a, b, distance } of sorted) {
    const [p, q] = [rootOf(parent, a), rootOf(parent, b)];
    parent[q] = p;
    node[p] = { size: node[p].size + node[q].size, distance, parts: [node[p], node[q]] };
  }
  const cluster = (top: Joined, birth: number): DenseCluster => {
    const intact = 1 / top.distance;
    let at = top;
    for (;;) {
      const big = at.parts.filter((p) => p.size >= fewest);
      const lambda = 1 / at.distance;
      if (big.length === 2) {
        const children = big.map((part) => cluster(part, lambda)).sort((p, q) => q.size - p.size);
        return { birth, intact, death: lambda, size: top.size, children };
      }
      if (big.length === 0) return { birth, intact, death: densest(at), size: top.size, children: [] };
      at = big[0];
    }
  };
  return cluster(rootNode(node, parent, n), 0);
}

const rootNode = (node: readonly Joined[], parent: Int32Array, n: number): Joined =>
  n === 0 ? POINT : node[rootOf(parent, 0)];

/** λ at which the last point of a node leaves it: that of its shortest edge. */
function densest(node: Joined): number {
  let least = node.distance;
  const open = [...node.parts];
  for (let at = open.pop(); at; at = open.pop()) {
    if (at.size > 1) least = Math.min(least, at.distance);
    open.push(...at.parts);
  }
  return 1 / least;
}

/** Components of edges at most `reach` long. */
function components(sorted: readonly Edge[], n: number, reach: number, fewest: number): Int32Array {
  const parent = Int32Array.from({ length: n }, (_, i) => i);
  for (const { a, b, distance } of sorted) {
    if (distance > reach) break;
    parent[rootOf(parent, b)] = rootOf(parent, a);
  }
  const size = new Map<number, number>();
  for (let i = 0; i < n; i++) size.set(rootOf(parent, i), (size.get(rootOf(parent, i)) ?? 0) + 1);
  const kept = [...size].filter(([, count]) => count >= fewest).sort((p, q) => q[1] - p[1] || p[0] - q[0]);
  const number = new Map(kept.map(([root], k) => [root, k]));
  return Int32Array.from({ length: n }, (_, i) => number.get(rootOf(parent, i)) ?? -1);
}
