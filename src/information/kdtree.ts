/**
 * k-d tree under the maximum norm, for exact neighbour search and counting (Bentley 1975, with bounding boxes of the points).
 *
 * Points [n, d] are copied in tree order, so that a leaf is a contiguous block of memory. A node is split at the median of its widest
 * side.
 */

/** Largest number of points in a leaf: scanning a block of memory is cheaper than descending into small nodes. */
const LEAF = 32;

/** The tree over points [n, d]. */
export class KdTree {
  readonly n: number;
  readonly d: number;
  /** Points in tree order, [n, d]. */
  readonly points: Float64Array;
  /** Row of the input at each position of the tree order. */
  readonly order: Int32Array;
  private readonly start: number[] = [];
  private readonly end: number[] = [];
  /** Number of the right child; the left one follows its parent directly. 0 marks a leaf. */
  private readonly right: number[] = [];
  private readonly low: Float64Array;
  private readonly high: Float64Array;

  constructor(data: Float64Array, n: number, d: number) {
    this.n = n;
    this.d = d;
    this.order = Int32Array.from({ length: n }, (_, i) => i);
    const leaves = 2 ** Math.ceil(Math.log2(Math.max(1, n / LEAF)));
    this.low = new Float64Array(2 * leaves * d);
    this.high = new Float64Array(2 * leaves * d);
    this.split(data, 0, n);
    this.points = new Float64Array(n * d);
    for (let p = 0; p < n; p++) this.points.set(data.subarray(this.order[p] * d, (this.order[p] + 1) * d), p * d);
  }

  private split(data: Float64Array, start: number, end: number): void {
    const { d, order } = this;
    const node = this.start.length;
    this.start.push(start);
    this.end.push(end);
    this.right.push(0);
    let axis = 0;
    let widest = -1;
    for (let c = 0; c < d; c++) {
      let lo = Number.POSITIVE_INFINITY;
      let hi = Number.NEGATIVE_INFINITY;
      for (let p = start; p < end; p++) {
        const v = data[order[p] * d + c];
        if (v < lo) lo = v;
        if (v > hi) hi = v;
      }
      this.low[node * d + c] = lo;
      this.high[node * d + c] = hi;
      if (hi - lo > widest) {
        widest = hi - lo;
        axis = c;
      }
    }
    if (end - start <= LEAF || widest <= 0) return;
    const middle = (start + end) >>> 1;
    this.select(data, axis, start, end - 1, middle);
    this.split(data, start, middle);
    this.right[node] = this.start.length;
    this.split(data, middle, end);
  }

  /** Reorders rows from … to so that position `nth` holds the row that sorting by column `axis` would put there (Hoare's select). */
  private select(data: Float64Array, axis: number, from: number, to: number, nth: number): void {
    const { d, order } = this;
    while (from < to) {
      const pivot = data[order[(from + to) >>> 1] * d + axis];
      let i = from;
      let j = to;
      while (i <= j) {
        while (data[order[i] * d + axis] < pivot) i++;
        while (data[order[j] * d + axis] > pivot) j--;
        if (i <= j) {
          const t = order[i];
          order[i] = order[j];
          order[j] = t;
          i++;
          j--;
        }
      }
      if (nth <= j) to = j;
      else if (nth >= i) from = i;
      else return;
    }
  }

  /**
   * The k nearest points to the point at tree position `p`, without that point: writes distances, ascending, to `distances` and tree
   * positions to `neighbours` (both of length k < n).
   */
  nearest(p: number, k: number, distances: Float64Array, neighbours: Int32Array): void {
    distances.fill(Number.POSITIVE_INFINITY);
    this.visit(0, p, k, distances, neighbours);
  }

  private visit(node: number, p: number, k: number, distances: Float64Array, neighbours: Int32Array): void {
    const right = this.right[node];
    if (right === 0) {
      const { d, points } = this;
      const o = p * d;
      let worst = distances[k - 1];
      const end = this.end[node];
      for (let q = this.start[node], at = q * d; q < end; q++, at += d) {
        if (q === p) continue;
        let far = 0;
        for (let c = 0; c < d; c++) {
          const delta = Math.abs(points[at + c] - points[o + c]);
          if (delta > far) {
            far = delta;
            if (far >= worst) break;
          }
        }
        if (far >= worst) continue;
        let slot = k - 1;
        while (slot > 0 && distances[slot - 1] > far) {
          distances[slot] = distances[slot - 1];
          neighbours[slot] = neighbours[slot - 1];
          slot--;
        }
        distances[slot] = far;
        neighbours[slot] = q;
        worst = distances[k - 1];
        if (worst === 0) return;
      }
      return;
    }
    const toLeft = this.boxDistance(node + 1, p, distances[k - 1]);
    const toRight = this.boxDistance(right, p, distances[k - 1]);
    const leftFirst = toLeft < toRight || (toLeft === toRight && p < this.start[right]);
    if (leftFirst) {
      if (toLeft < distances[k - 1]) this.visit(node + 1, p, k, distances, neighbours);
      if (toRight < distances[k - 1]) this.visit(right, p, k, distances, neighbours);
    } else {
      if (toRight < distances[k - 1]) this.visit(right, p, k, distances, neighbours);
      if (toLeft < distances[k - 1]) this.visit(node + 1, p, k, distances, neighbours);
    }
  }

  /** Distance from a point to a node's box; stops counting once it is at least `limit`. */
  private boxDistance(node: number, p: number, limit: number): number {
    const { d, low, high, points } = this;
    let far = 0;
    for (let c = 0, b = node * d, o = p * d; c < d; c++, b++, o++) {
      const v = points[o];
      const delta = v < low[b] ? low[b] - v : v - high[b];
      if (delta > far) {
        far = delta;
        if (far >= limit) break;
      }
    }
    return far;
  }

  /**
   * Number of points within `radius` of the point at tree position `p`, including that point. The boundary counts only if `closed` is
   * true or the radius is 0.
   */
  countWithin(p: number, radius: number, closed: boolean): number {
    return this.count(0, p, radius, closed || radius === 0);
  }

  private count(node: number, p: number, radius: number, closed: boolean): number {
    const { d, low, high, points } = this;
    const o = p * d;
    let inside = true;
    for (let c = 0, b = node * d; c < d; c++, b++) {
      const v = points[o + c];
      const below = v - low[b];
      const above = high[b] - v;
      const near = Math.max(-below, -above);
      if (closed ? near > radius : near >= radius) return 0;
      const far = Math.max(below, above);
      if (closed ? far > radius : far >= radius) inside = false;
    }
    if (inside) return this.end[node] - this.start[node];
    const right = this.right[node];
    if (right !== 0) return this.count(node + 1, p, radius, closed) + this.count(right, p, radius, closed);
    let total = 0;
    const end = this.end[node];
    scan: for (let q = this.start[node], at = q * d; q < end; q++, at += d) {
      for (let c = 0; c < d; c++) {
        const delta = Math.abs(points[at + c] - points[o + c]);
        if (closed ? delta > radius : delta >= radius) continue scan;
      }
      total++;
    }
    return total;
  }
}

/** Counts neighbours in one dimension, as `KdTree.countWithin` does, by binary search in the sorted values. */
export class SortedLine {
  private readonly sorted: Float64Array;

  constructor(values: Float64Array) {
    this.sorted = Float64Array.from(values).sort();
  }

  countWithin(value: number, radius: number, closed: boolean): number {
    const { sorted } = this;
    const out = (delta: number) => (closed || radius === 0 ? delta > radius : delta >= radius);
    // Differences are rounded as in a brute-force search, so that a point on the boundary is counted alike.
    let lo = 0;
    let hi = sorted.length;
    while (lo < hi) {
      const mid = (lo + hi) >>> 1;
      if (sorted[mid] < value && out(value - sorted[mid])) lo = mid + 1;
      else hi = mid;
    }
    const first = lo;
    hi = sorted.length;
    while (lo < hi) {
      const mid = (lo + hi) >>> 1;
      if (sorted[mid] <= value || !out(sorted[mid] - value)) lo = mid + 1;
      else hi = mid;
    }
    return lo - first;
  }
}
