import { describe, expect, it } from 'vitest';
import { Rng } from '../../src/base/random.js';
import { boundaryInterval, leastSquares, segment } from '../../src/dynamics/changepoints.js';
import { type Phase, type PhaseKind, phases } from '../../src/dynamics/phases.js';
import { curve } from './tables.js';

/** Straight lines through (knot, level), one value per checkpoint. */
function polyline(knots: number[], levels: number[]): number[] {
  return Array.from({ length: knots[knots.length - 1] + 1 }, (_, i) => {
    const k = Math.max(
      1,
      knots.findIndex((end) => end >= i),
    );
    return levels[k - 1] + ((levels[k] - levels[k - 1]) * (i - knots[k - 1])) / (knots[k] - knots[k - 1]);
  });
}

const noisy = (truth: number[], se: number, rng: Rng, epochs?: number[]) =>
  curve(
    truth.map((t) => t + se * rng.normal()),
    se,
    epochs,
  );

/** Phases where I(T;Ŷ) is flat at 60 standard errors. */
function phasesOf(truth: number[], se: number, rng: Rng): Phase[] {
  const level = truth.map(() => 60 * se);
  return phases(noisy(truth, se, rng), { ...noisy(level, se, rng), quantity: 'I(T;Ŷ)' }).phases;
}

describe('phases of a curve without noise', () => {
  const kinds = (xt: number[], ty: number[]) =>
    phases(curve(xt, 0.01), { ...curve(ty, 0.01), quantity: 'I(T;Ŷ)' }).phases.map((p) => [p.kind, p.start, p.end]);
  const flat = Array(13).fill(3);

  it('are expansion, compression and convergence, with their epochs', () => {
    expect(kinds(polyline([0, 4, 8, 12], [1, 2, 1.5, 1.5]), flat)).toEqual([
      ['expansion', 1, 5],
      ['compression', 5, 9],
      ['convergence', 9, 13],
    ]);
  });

  it('name no compression where I(T;Ŷ) falls with I(X;T)', () => {
    const falls = polyline([0, 4, 8, 12], [3, 3, 2, 2]);
    expect(kinds(polyline([0, 4, 8, 12], [1, 2, 1.5, 1.5]), falls)).toEqual([
      ['expansion', 1, 5],
      ['other', 5, 9],
      ['convergence', 9, 13],
    ]);
  });

  it('are neither where I(X;T) is flat and I(T;Ŷ) still rises', () => {
    expect(kinds(flat, polyline([0, 6, 12], [1, 3, 3]))).toEqual([
      ['other', 1, 7],
      ['convergence', 7, 13],
    ]);
  });
});

describe('phases are not resolved', () => {
  it('with fewer than four checkpoints', () => {
    const result = phases(curve([1, 2, 3], 0.01), curve([1, 2, 3], 0.01));
    expect(result.phases).toEqual([{ kind: 'not resolved', start: 1, end: 3, startInterval: null, endInterval: null }]);
    expect(result.reason).toBe('phases need at least 4 checkpoints, there are 3');
  });

  it('where a change of half the level would drown in the standard errors', () => {
    const result = phases(curve(Array(8).fill(0.3), 0.3), curve(Array(8).fill(3), 0.05));
    expect(result.phases.map((p) => p.kind)).toEqual(['not resolved']);
    expect(result.reason).toContain('standard errors are too large');
  });

  it('without I(T;Ŷ), save for an expansion', () => {
    const result = phases(curve(polyline([0, 4, 8], [1, 3, 3]), 0.02), null);
    expect(result.phases.map((p) => p.kind)).toEqual(['expansion', 'not resolved']);
  });
});

describe('false phases', () => {
  it('are found on at most 5 % of flat noisy curves, on even and uneven checkpoints', () => {
    const axes = [4, 6, 9, 14, 24].map((n) => Array.from({ length: n }, (_, i) => i + 1));
    for (const epochs of [...axes, [1, 5, 10, 20, 40, 60, 80, 100, 120]]) {
      const rng = new Rng(11, 'flat', epochs.length, epochs[1]);
      let found = 0;
      for (let r = 0; r < 1000; r++) {
        if (
          segment(
            noisy(
              epochs.map(() => 1),
              0.05,
              rng,
              epochs,
            ),
          ).segments.some((s) => !s.flat)
        )
          found++;
      }
      expect(found / 1000, `${epochs.length} checkpoints`).toBeLessThanOrEqual(0.05);
    }
  });

  it('are found on at most 5 % of flat pairs of curves', () => {
    const rng = new Rng(12, 'flat pairs');
    const runs = Array.from({ length: 400 }, () => phasesOf(Array(10).fill(1), 0.05, rng));
    const misled = runs.filter((found) => found.some((p) => p.kind === 'expansion' || p.kind === 'compression'));
    expect(misled.length / 400).toBeLessThanOrEqual(0.05);
  });
});

describe('boundaries', () => {
  const shapes: { kinds: PhaseKind[]; steps: number[] }[] = [
    { kinds: ['expansion', 'convergence'], steps: [1, 0] },
    { kinds: ['convergence', 'expansion', 'convergence'], steps: [0, 1, 0] },
    { kinds: ['expansion', 'compression', 'convergence'], steps: [1, -1, 0] },
  ];

  it('lie within one checkpoint of the truth in 90 % of clear cases: changes of 5 … 15 standard errors over 3 … 5 checkpoints', () => {
    const rng = new Rng(13, 'clear');
    let hits = 0;
    let boundaries = 0;
    for (let r = 0; r < 600; r++) {
      const { kinds, steps } = shapes[r % shapes.length];
      const knots = [0];
      const heights = [30];
      for (const step of steps) {
        knots.push(knots[knots.length - 1] + 3 + rng.int(3));
        heights.push(heights[heights.length - 1] + step * rng.uniform(5, 15));
      }
      const found = phasesOf(polyline(knots, heights), 1, rng);
      kinds.slice(1).forEach((kind, i) => {
        boundaries++;
        const truth = knots[i + 1] + 1;
        if (found.some((p, j) => p.kind === kind && found[j - 1]?.kind === kinds[i] && Math.abs(p.start - truth) <= 1))
          hits++;
      });
    }
    expect(hits / boundaries).toBeGreaterThanOrEqual(0.9);
  });

  it('at exactly 5 standard errors over 3 checkpoints are out of reach: told the shape, least squares finds 9 in 10', () => {
    const rng = new Rng(5, 'oracle');
    let hits = 0;
    for (let r = 0; r < 400; r++) {
      const seen = noisy(polyline([0, 5, 8, 13], [20, 20, 25, 25]), 1, rng);
      let best = { residual: Number.POSITIVE_INFINITY, at: [0, 0] };
      for (let a = 1; a < 12; a++)
        for (let b = a + 1; b < 13; b++) {
          const { residual } = leastSquares(seen, [
            { start: 0, end: a, flat: true },
            { start: a, end: b, flat: false },
            { start: b, end: 13, flat: true },
          ]);
          if (residual < best.residual) best = { residual, at: [a, b] };
        }
      hits += Number(Math.abs(best.at[0] - 5) <= 1) + Number(Math.abs(best.at[1] - 8) <= 1);
    }
    expect(hits / 800).toBeGreaterThan(0.87);
    expect(hits / 800).toBeLessThan(0.93);
  });

  it('that are reported at the edge of clarity, 5 standard errors over 3 checkpoints, are right in 90 % of cases', () => {
    const rng = new Rng(14, 'edge');
    let hits = 0;
    let reported = 0;
    for (let r = 0; r < 400; r++) {
      const found = phasesOf(polyline([0, 5, 8, 13], [20, 20, 25, 25]), 1, rng);
      if (found.map((p) => p.kind).join() !== 'convergence,expansion,convergence') continue;
      reported += 2;
      hits += Number(Math.abs(found[1].start - 6) <= 1) + Number(Math.abs(found[1].end - 9) <= 1);
    }
    expect(reported).toBeGreaterThan(600);
    expect(hits / reported).toBeGreaterThanOrEqual(0.9);
  });

  it('have intervals that hold the truth about 95 % of the time', () => {
    const rng = new Rng(15, 'coverage');
    let covered = 0;
    let total = 0;
    for (let r = 0; r < 500; r++) {
      const c = noisy(polyline([0, 5, 10], [0, 8, 8]), 1, rng);
      const found = segment(c);
      if (found.segments.length !== 2) continue;
      const [low, high] = boundaryInterval(c, found, 0);
      total++;
      if (low <= 5 && 5 <= high) covered++;
    }
    expect(total).toBeGreaterThan(400);
    expect(covered / total).toBeGreaterThanOrEqual(0.91);
    expect(covered / total).toBeLessThanOrEqual(0.99);
  });
});

describe('segmentation', () => {
  it('is the best of all segmentations, by comparison with trying every one', () => {
    const n = 7;
    const penalties = { slope: 4, boundary: 1 };
    const rng = new Rng(16, 'exhaustive');
    for (let r = 0; r < 40; r++) {
      const c = noisy(polyline([0, 3, 6], [0, 4, 3]), 1, rng, [1, 2, 4, 8, 9, 12, 20]);
      const cost = (segments: { start: number; end: number; flat: boolean }[]) =>
        leastSquares(c, segments).residual +
        penalties.boundary * (segments.length - 1) +
        penalties.slope * segments.filter((s) => !s.flat).length;
      let best = Number.POSITIVE_INFINITY;
      for (let mask = 0; mask < 1 << (n - 2); mask++) {
        const knots = [
          0,
          ...Array.from({ length: n - 2 }, (_, i) => i + 1).filter((i) => mask & (1 << (i - 1))),
          n - 1,
        ];
        for (let flats = 0; flats < 1 << (knots.length - 1); flats++) {
          const segments = knots.slice(1).map((end, k) => ({ start: knots[k], end, flat: !!(flats & (1 << k)) }));
          const allowed = segments.every((s, k) => !s.flat || (s.end - s.start >= 2 && !segments[k - 1]?.flat));
          if (allowed) best = Math.min(best, cost(segments));
        }
      }
      expect(cost(segment(c, penalties).segments)).toBeCloseTo(best, 8);
    }
  });
});
