/** What the report says of a score of resolved information: p decides, not the range of S. */
import { describe, expect, it } from 'vitest';
import type { StealthResult } from '../../src/dynamics/stealth.js';
import { chanceText, verdict } from '../../src/report/headline.js';

const range = {
  mean: 0.8,
  low: 0.63,
  high: 0.98,
  draws: 9,
  distances: [],
  scores: [],
  labels: [],
  gapsByClass: [[0.1]],
};
const found = (p: number | null, score = 0.8): StealthResult => ({
  score,
  distance: 0.2,
  null: range,
  p,
  rank: 0.1,
  separation: 2,
  excess: 0,
  parts: {},
  beta: 1,
  window: 1,
  epochs: [1],
  classes: ['1'],
  notes: [],
});
const run = { poisoned: true };

describe('the verdict on a score of resolved information', () => {
  it('says that information flows differently where p is small, though S lies inside its range', () => {
    const text = verdict(found(3e-4), run);
    expect(text).toMatch(/flows differently through poisoned and clean samples of the target class/);
    expect(text).toMatch(/p = 3e-4 by the law of 9 draws of the null, an extrapolation; rank 0\.100/);
    expect(text).not.toMatch(/no evidence|no difference|inside the range/);
  });

  it('finds no difference where p is large, though S lies below its range', () => {
    const text = verdict(found(0.4, 0.5), run);
    expect(text).toMatch(/shows no difference beyond that of two halves of a clean class \(p = 0\.400/);
    expect(text).not.toMatch(/extrapolation|flows differently/);
  });

  it('calls p an extrapolation below 0.005 only, and the group a random subset where nothing is poisoned', () => {
    expect(verdict(found(0.01), run)).not.toMatch(/extrapolation/);
    expect(verdict(found(0.004), run)).toMatch(/extrapolation/);
    expect(verdict(found(0.4), { poisoned: false })).toMatch(/Between the random subset and the rest/);
  });

  it('says that clean classes do not suffice where there is no p', () => {
    expect(verdict(found(null), run)).toMatch(/do not suffice for p/);
  });
});

it('p is never printed as 0', () => {
  expect([0.4, 0.0006, 0.0004, 2e-7].map(chanceText)).toEqual(['0.400', '0.001', '4e-4', '2e-7']);
});
