/**
 * Change points of one curve with known standard errors: the continuous, piecewise linear curve that minimises
 *
 *   `Σ ((y − f) / se)² + boundaryPenalty · (segments − 1) + slopePenalty · (segments that are not flat)`
 *
 * where every segment is flat or sloped and boundaries lie on checkpoints. The minimum is exact, by dynamic programming over the value
 * of f at the boundary (Fearnhead, Maidstone and Letchford, "Detecting changes in slope with an L0 penalty", 2019; flat segments are
 * added here). A slope costs more than a boundary: the slope decides whether there is a phase, the boundary only where it ends.
 */
import type { Trajectory } from './trajectory.js';

/** A part of the curve between two checkpoints (indices), flat or sloped. */
export interface Segment {
  start: number;
  end: number;
  flat: boolean;
}

/** The segments of a curve and the curve fitted to them. */
export interface Segmentation {
  segments: Segment[];
  /** The fitted curve at the checkpoints. */
  fitted: number[];
  /** Weighted residual sum of squares. */
  residual: number;
}

/** The parts of a trajectory that change points depend on. */
export type Curve = Pick<Trajectory, 'epochs' | 'values' | 'standardErrors'>;

/** Cost of a sloped segment and of a boundary between two segments, in units of χ². */
export interface Penalties {
  slope: number;
  boundary: number;
}

/** `a·v² + b·v + c`: the least cost so far as a function of the value v at the boundary, and the candidate it extends. */
interface Candidate {
  a: number;
  b: number;
  c: number;
  from?: { index: number; flat: boolean; candidate: Candidate };
}

/**
 * Penalties for a curve of n checkpoints, calibrated by simulation on flat Gaussian noise with n = 3 … 40, evenly and unevenly spaced:
 * a slope is found in about 1.5 % of such curves. The largest gain of a slope over a constant grows slowly with the number of possible
 * positions, hence log n.
 */
export function defaultPenalties(n: number): Penalties {
  return { slope: 5.5 + Math.log(n), boundary: 1.5 };
}

/** Fits the penalised curve; needs at least two checkpoints. */
export function segment(curve: Curve, penalties: Penalties = defaultPenalties(curve.epochs.length)): Segmentation {
  const data = weighted(curve);
  const n = curve.epochs.length;
  const best: Candidate[][] = [[firstPoint(data)]];
  for (let j = 1; j < n; j++) {
    const candidates: Candidate[] = [];
    for (let i = 0; i < j; i++) {
      const m = moments(data, i, j);
      const boundary = i === 0 ? 0 : penalties.boundary;
      for (const candidate of best[i]) {
        // Two adjacent flat segments are one segment, and two checkpoints do not show a plateau.
        if (!candidate.from?.flat && j - i >= Math.min(2, n - 1))
          candidates.push(extend(candidate, m, i, true, boundary));
        candidates.push(extend(candidate, m, i, false, boundary + penalties.slope));
      }
    }
    best.push(lowerEnvelope(candidates));
  }
  const cost = (q: Candidate) => q.c - (q.b * q.b) / (4 * q.a);
  const last = best[n - 1].reduce((x, y) => (cost(y) < cost(x) ? y : x));
  const segments: Segment[] = [];
  let end = n - 1;
  for (let q = last; q.from; q = q.from.candidate) {
    segments.unshift({ start: q.from.index, end, flat: q.from.flat });
    end = q.from.index;
  }
  return { segments, ...leastSquares(curve, segments) };
}

/** Weighted least squares for given segments: the fitted curve and its residual. */
export function leastSquares(curve: Curve, segments: readonly Segment[]): { fitted: number[]; residual: number } {
  const data = weighted(curve);
  const steps = segments.map((s) => moments(data, s.start, s.end));
  const costs = [firstPoint(data)];
  segments.forEach((s, k) => {
    costs.push(extend(costs[k], steps[k], s.start, s.flat, 0));
  });
  const fitted = new Array<number>(curve.epochs.length);
  const last = costs[segments.length];
  let value = -last.b / (2 * last.a);
  fitted[curve.epochs.length - 1] = value;
  for (let k = segments.length - 1; k >= 0; k--) {
    const { start, end, flat } = segments[k];
    // The value at the start that minimises the cost, given the value at the end.
    const { a, b } = costs[k];
    const before = flat ? value : -(b - 2 * steps[k].sy + 2 * steps[k].se * value) / (2 * (a + steps[k].ss));
    const length = curve.epochs[end] - curve.epochs[start];
    for (let i = start; i < end; i++) {
      fitted[i] = before + ((value - before) * (curve.epochs[i] - curve.epochs[start])) / length;
    }
    value = before;
  }
  const residual = fitted.reduce((sum, f, i) => sum + data.weights[i] * (data.values[i] - f) ** 2, 0);
  return { fitted, residual };
}

/**
 * 95 % interval of boundary `k` (between segments k and k + 1): the checkpoints at which the residual exceeds the best one by at most
 * 3.84 (95 % quantile of χ² with one degree of freedom), with the neighbouring boundaries refitted. Indices, inclusive.
 */
export function boundaryInterval(curve: Curve, segmentation: Segmentation, k: number): [number, number] {
  const { segments, residual } = segmentation;
  const knots = [segments[0].start, ...segments.map((s) => s.end)];
  const at = k + 1;
  const limit = residual + 3.841;
  const tried = (position: number) => {
    const moved = [...knots];
    moved[at] = position;
    for (let j = at - 1; j > 0; j--) moved[j] = Math.min(moved[j], moved[j + 1] - 1);
    for (let j = at + 1; j < knots.length - 1; j++) moved[j] = Math.max(moved[j], moved[j - 1] + 1);
    const score = (ks: number[]) =>
      leastSquares(
        curve,
        segments.map((s, i) => ({ start: ks[i], end: ks[i + 1], flat: s.flat })),
      ).residual;
    let best = score(moved);
    // Coordinate descent over the two neighbours; two rounds are enough for curves of a few dozen checkpoints.
    for (const j of [at - 1, at + 1, at - 1, at + 1]) {
      if (j <= 0 || j >= knots.length - 1) continue;
      for (let p = moved[j - 1] + 1; p < moved[j + 1]; p++) {
        const other = [...moved];
        other[j] = p;
        const s = score(other);
        if (s < best) {
          best = s;
          moved[j] = p;
        }
      }
    }
    return best;
  };
  const first = at;
  const last = curve.epochs.length - 1 - (knots.length - 1 - at);
  let low = knots[at];
  let high = knots[at];
  for (let p = first; p <= last; p++) {
    if (p === knots[at] || tried(p) > limit) continue;
    low = Math.min(low, p);
    high = Math.max(high, p);
  }
  return [low, high];
}

/** Sums over the checkpoints start + 1 … end, with r = 0 at the start and 1 at the end: w·(1−r)², w·r·(1−r), … */
interface Moments {
  ss: number;
  se: number;
  ee: number;
  sy: number;
  ey: number;
  yy: number;
}

function moments({ epochs, values, weights }: Weighted, start: number, end: number): Moments {
  const sum = { ss: 0, se: 0, ee: 0, sy: 0, ey: 0, yy: 0 };
  for (let i = start + 1; i <= end; i++) {
    const r = (epochs[i] - epochs[start]) / (epochs[end] - epochs[start]);
    const w = weights[i];
    const y = values[i];
    sum.ss += w * (1 - r) * (1 - r);
    sum.se += w * r * (1 - r);
    sum.ee += w * r * r;
    sum.sy += w * y * (1 - r);
    sum.ey += w * y * r;
    sum.yy += w * y * y;
  }
  return sum;
}

interface Weighted {
  epochs: readonly number[];
  values: readonly number[];
  weights: readonly number[];
}

/** Weights 1/se². A standard error is at least a millionth of the curve's largest value, so that no weight is infinite. */
function weighted({ epochs, values, standardErrors }: Curve): Weighted {
  const floor = Math.max(...values.map(Math.abs)) * 1e-6 || 1e-12;
  return { epochs, values, weights: standardErrors.map((s) => 1 / Math.max(s, floor) ** 2) };
}

function firstPoint({ values, weights }: Weighted): Candidate {
  return { a: weights[0], b: -2 * weights[0] * values[0], c: weights[0] * values[0] ** 2 };
}

/** Adds a segment after `q`: cost as a function of the value v at its end, minimised over the value at its start. */
function extend(q: Candidate, m: Moments, index: number, flat: boolean, penalty: number): Candidate {
  const from = { index, flat, candidate: q };
  if (flat) {
    return { a: q.a + m.ss + 2 * m.se + m.ee, b: q.b - 2 * (m.sy + m.ey), c: q.c + m.yy + penalty, from };
  }
  const a = q.a + m.ss;
  const b = q.b - 2 * m.sy;
  return {
    a: m.ee - (m.se * m.se) / a,
    b: -2 * m.ey - (b * m.se) / a,
    c: q.c + m.yy + penalty - (b * b) / (4 * a),
    from,
  };
}

/** The candidates that have the least cost for some v, found by going from −∞ upwards from crossing to crossing. */
function lowerEnvelope(candidates: Candidate[]): Candidate[] {
  // As v → −∞ the least curvature has the least cost, then the greatest slope term, then the least constant.
  let current = candidates.reduce((p, q) => ((q.a - p.a || p.b - q.b || q.c - p.c) < 0 ? q : p));
  const kept = [current];
  let v = Number.NEGATIVE_INFINITY;
  for (;;) {
    let next: Candidate | undefined;
    let crossing = Number.POSITIVE_INFINITY;
    for (const q of candidates) {
      const x = firstCrossing(current, q, v);
      if (x < crossing) {
        crossing = x;
        next = q;
      }
    }
    if (!next || kept.length > 4 * candidates.length) return [...new Set(kept)];
    v = crossing;
    current = next;
    kept.push(current);
  }
}

/** The least x > v at which the cost of q falls below that of p; ∞ if it never does. */
function firstCrossing(p: Candidate, q: Candidate, v: number): number {
  const a = q.a - p.a;
  const b = q.b - p.b;
  const c = q.c - p.c;
  const falls = (x: number) => x > v && 2 * a * x + b < 0;
  if (Math.abs(a) < 1e-14 * (p.a + q.a)) return b < 0 && falls(-c / b) ? -c / b : Number.POSITIVE_INFINITY;
  const d = b * b - 4 * a * c;
  if (d <= 0) return Number.POSITIVE_INFINITY;
  const root = Math.sqrt(d);
  const roots = [(-b - root) / (2 * a), (-b + root) / (2 * a)].filter(falls);
  return roots.length > 0 ? Math.min(...roots) : Number.POSITIVE_INFINITY;
}
