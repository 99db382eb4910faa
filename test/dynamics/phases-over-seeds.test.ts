import { describe, expect, it } from 'vitest';
import { Rng } from '../../src/base/random.js';
import type { PhaseKind, Phases } from '../../src/dynamics/phases.js';
import { phasesOverSeeds } from '../../src/dynamics/phases-over-seeds.js';

/** Phases of these kinds that end at these epochs. */
const of = (kinds: PhaseKind[], ends: number[], reason?: string): Phases => ({
  group: '0/backdoor',
  phases: kinds.map((kind, i) => ({
    kind,
    start: ends[i - 1] ?? 0.1,
    end: ends[i],
    startInterval: null,
    endInterval: null,
  })),
  ...(reason ? { reason } : {}),
});
const E: PhaseKind = 'expansion';
const C: PhaseKind = 'compression';
const V: PhaseKind = 'convergence';

describe('phases over seeds', () => {
  it('have boundaries at the geometric mean, with Student’s interval in ln(epoch)', () => {
    const found = phasesOverSeeds([[of([E, C], [1, 20])], [of([E, C], [2, 20])], [of([E, C], [4, 20])]]);
    expect(found).toMatchObject({ kinds: [E, C], n: 3, of: 3 });
    expect(found.boundaries).toHaveLength(1);
    const [{ epoch, interval }] = found.boundaries;
    expect(epoch).toBeCloseTo(2, 12);
    // t₀.₉₇₅ of two degrees of freedom is 4.30265; the standard deviation of ln 1, ln 2, ln 4 is ln 2.
    const half = (4.30265 * Math.LN2) / Math.sqrt(3);
    expect(interval![0]).toBeCloseTo(2 * Math.exp(-half), 4);
    expect(interval![1]).toBeCloseTo(2 * Math.exp(half), 3);
  });

  it('hold the true boundary in about 95 % of studies', () => {
    const rng = new Rng(3, 'boundaries');
    let held = 0;
    for (let i = 0; i < 1000; i++) {
      const seeds = [0, 1, 2, 3].map(() => [of([E, V], [5 * Math.exp(0.3 * rng.normal()), 50])]);
      const [low, high] = phasesOverSeeds(seeds).boundaries[0].interval!;
      if (low <= 5 && 5 <= high) held++;
    }
    expect(held / 1000).toBeGreaterThan(0.93);
    expect(held / 1000).toBeLessThan(0.97);
  });

  it('are no more exact than the runs’ own intervals, where the seeds agree on a checkpoint', () => {
    const run = of([E, V], [4, 50]);
    run.phases[0].endInterval = [2, 8];
    const { interval } = phasesOverSeeds([[run], [run], [run], [run]]).boundaries[0];
    // A quarter of the runs' variance: ln 4 wide in four runs is half as wide on average.
    expect(Math.log(interval![1] / interval![0])).toBeCloseTo(Math.log(4) / 2, 6);
  });

  it('are averaged within a seed first: nine classes of one seed are no nine seeds', () => {
    const classes = (end: number) => Array.from({ length: 9 }, () => of([E, V], [end, 50]));
    const found = phasesOverSeeds([classes(1), classes(4)]);
    expect(found).toMatchObject({ n: 2, of: 2 });
    expect(found.boundaries).toEqual(phasesOverSeeds([[of([E, V], [1, 50])], [of([E, V], [4, 50])]]).boundaries);
  });

  it('leave out the seeds that show another sequence, and are not resolved where there is no majority', () => {
    const most = phasesOverSeeds([[of([E, V], [1, 50])], [of([E, V], [4, 50])], [of([E, C, V], [1, 9, 50])]]);
    expect(most).toMatchObject({ kinds: [E, V], n: 2, of: 3 });
    const split = phasesOverSeeds([[of([E, V], [1, 50])], [of([E], [50])]]);
    expect(split).toMatchObject({ kinds: [], boundaries: [], n: 0, of: 2 });
    expect(split.reason).toBe(
      'no sequence in more than half of 2 trajectories: expansion, convergence (1); expansion (1)',
    );
  });

  it('keep why a phase is not resolved; one seed has no interval', () => {
    const found = phasesOverSeeds([[of([E, 'not resolved'], [2, 50], 'errors too large')]]);
    expect(found).toEqual({
      kinds: [E, 'not resolved'],
      boundaries: [{ epoch: 2, interval: null }],
      n: 1,
      of: 1,
      reason: 'errors too large',
    });
    expect(phasesOverSeeds([[], []]).reason).toBe('there is no trajectory of I(X;T)');
  });
});
