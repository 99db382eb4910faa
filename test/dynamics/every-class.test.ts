/** Calibration of p: every class as target, and a uniformity test that knows that p of one run and of one class belong together. */
import { describe, expect, it } from 'vitest';
import { Rng } from '../../src/base/random.js';
import { calibration, everyClassAsTarget, stealth } from '../../src/dynamics/index.js';
import { type Curves, table } from './tables.js';

/** A clean run of `classes` classes; class 3 differs between its halves by `shift` nats. */
function cleanRun(classes: number, shift: number, seed: number) {
  const groups: Curves = {};
  const flow =
    (by: number) =>
    (e: number): [number, number] => [2 + by - Math.exp(-e), 1.5 + by - Math.exp(-e)];
  for (const id of ['0/backdoor', '0/clean', '0/all']) groups[id] = flow(0);
  for (let k = 1; k < classes; k++) {
    groups[k] = flow(0);
    for (let s = 0; s < 2; s++)
      for (const half of ['a', 'b']) groups[`${k}/null-${half}${s}`] = flow(k === 3 && half === 'a' ? shift : 0);
  }
  return table([0.5, 1, 2, 4], groups, 0.05, new Rng(seed, 'clean run')).map((r) => ({ ...r, estimator: 'resolved' }));
}
const options = { target: 0, estimator: 'resolved' };

describe('every class as target', () => {
  it('the run’s own target has the run’s own p; the class whose halves differ has a small one', () => {
    const rows = cleanRun(10, 1, 1);
    const found = everyClassAsTarget(rows, options);
    expect(found.map((f) => f.class)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(found[0].p).toBe(stealth(rows, options).p);
    // Its own second division is not part of its null, but the other classes are: p is what a target of that gap has.
    expect(found[3].p!).toBeLessThan(0.001);
    for (const k of [1, 2, 4, 5, 6, 7, 8, 9]) expect(found[k].p!).toBeGreaterThan(0.01);
  });

  it('exchanging class and target twice gives the table back', () => {
    // Class 3 as target of a run with one division must be what a run with target 3 measures.
    const rows = cleanRun(6, 0.3, 2).filter((r) => !r.group.endsWith('1'));
    const renamed = new Map([
      ['0/backdoor', '0/null-a0'],
      ['0/clean', '0/null-b0'],
      ['0/all', '0'],
      ['3/null-a0', '3/backdoor'],
      ['3/null-b0', '3/clean'],
      ['3', '3/all'],
    ]);
    const other = rows.map((r) => ({ ...r, group: renamed.get(r.group) ?? r.group }));
    expect(everyClassAsTarget(other, { ...options, target: 3 })).toEqual(everyClassAsTarget(rows, options));
  });
});

describe('uniformity', () => {
  const uniform = (seed: number, runs = 20, classes = 10) => {
    const rng = new Rng(seed, 'uniform');
    return Array.from({ length: runs }, () => Array.from({ length: classes }, () => rng.uniform()));
  };

  it('has Kolmogorov’s statistic, and counts what lies below its levels', () => {
    // F jumps to 1/2 at 0.04 and to 1 at 0.5: the largest distance is 1 − 0.5.
    const found = calibration([[0.04, 0.5]]);
    expect(found.statistic).toBeCloseTo(0.5, 9);
    expect(found.below).toEqual([
      { level: 0.05, count: 1 },
      { level: 0.01, count: 0 },
      { level: 0.001, count: 0 },
    ]);
    expect(found.worstClass).toEqual({ place: 0, count: 1 });
  });

  it('is rarely rejected where p are uniform, in each run by itself or the same in all runs', () => {
    let independent = 0;
    let shared = 0;
    for (let i = 0; i < 60; i++) {
      independent += Number(calibration(uniform(i), i, 200).p <= 0.05);
      // Every run has the p of the first: 10 values, not 200.
      const [first] = uniform(i, 1);
      shared += Number(
        calibration(
          Array.from({ length: 20 }, () => first),
          i,
          200,
        ).p <= 0.05,
      );
    }
    // At most 5 %: 3 of 60, and three standard deviations.
    expect(independent).toBeLessThanOrEqual(8);
    expect(shared).toBeLessThanOrEqual(8);
  });

  it('is rejected where p are too small', () => {
    const small = uniform(3).map((run) => run.map((p) => p ** 2));
    expect(calibration(small).p).toBeLessThan(0.01);
  });
});
