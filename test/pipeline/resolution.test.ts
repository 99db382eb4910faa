/** From ladders of κ to the rows that the score reads. */
import { describe, expect, it } from 'vitest';
import type { EstimateRow } from '../../src/dynamics/index.js';
import {
  cleanLadder,
  kappasIn,
  kappasOf,
  type ResolutionRow,
  resolvedAlternatives,
  resolvedRows,
  scoredRows,
  unresolvable,
} from '../../src/pipeline/resolution.js';

const N = 100;
const KAPPAS = [1, 2, 4];
/** A ladder that falls from near ln n to near 0; ½ ln 100 = 2.30. */
const ladder = (shift: number) => [4.5 - shift, 2.5 - shift, 0.4 - shift];

const row = (epoch: number, group: string, nats: number[], more: Partial<ResolutionRow> = {}): ResolutionRow => ({
  epoch,
  group,
  quantity: 'I(X;T)',
  variant: 'own',
  kappas: KAPPAS,
  nats,
  standardErrors: nats.map(() => 0.01),
  noiseMeanSquare: 1,
  samples: N,
  draws: 8,
  ...more,
});

describe('the κ of a quantity', () => {
  it('is the one at which the clean classes, averaged over epochs, are nearest ½ ln n', () => {
    const rows = [1, 2].flatMap((epoch) => ['1', '2'].map((group) => row(epoch, group, ladder(0))));
    expect(kappasOf([cleanLadder(rows)])).toEqual({ 'I(X;T)': 2 });
  });

  it('does not look at poisoned samples, at halves of the null or at the other variant', () => {
    const rows = [
      row(1, '1', ladder(0)),
      row(1, '0/backdoor', [2.3, 0, 0]),
      row(1, '1/null-a0', [2.3, 0, 0]),
      row(1, '1', [2.3, 0, 0], { variant: 'common' }),
    ];
    expect(kappasOf([cleanLadder(rows)])).toEqual({ 'I(X;T)': 2 });
  });

  it('averages over epochs by the trapezoid rule, not over checkpoints', () => {
    // Three early checkpoints within 0.2 epochs, then a long way at other values.
    const early = [0.1, 0.2, 0.3].map((epoch) => row(epoch, '1', [4.5, 4.4, 2.3]));
    const late = [1, 10].map((epoch) => row(epoch, '1', [2.3, 1, 0.1]));
    expect(kappasOf([cleanLadder([...early, ...late])])).toEqual({ 'I(X;T)': 1 });
  });
});

describe('the κ of runs that are compared', () => {
  it('is that of the average of their clean classes, which may be no run’s own', () => {
    // Alone: 1 and 4. Together the ladder is [3.65, 2.3, 1.2].
    const [high, low] = [[row(1, '1', [2.4, 0.5, 0.1])], [row(1, '1', [4.9, 4.1, 2.3])]];
    expect(kappasOf([cleanLadder(high)])).toEqual({ 'I(X;T)': 1 });
    expect(kappasOf([cleanLadder(low)])).toEqual({ 'I(X;T)': 4 });
    expect(kappasOf([high, low].map(cleanLadder))).toEqual({ 'I(X;T)': 2 });
    expect(kappasOf([])).toEqual({});
  });
});

describe('rows at the chosen κ', () => {
  const logits = { quantity: 'I(T;Ŷ)', variant: 'logits' } as const;
  const rows = [
    row(1, '1', ladder(0)),
    row(1, '0/backdoor', ladder(1)),
    row(1, '1', [2.3, 1, 0], logits),
    row(1, '0/backdoor', [4.6, 1, 0], logits),
    row(1, '0/backdoor', [9, 9, 9], { variant: 'common' }),
  ];

  it('are one per group and quantity, each at its quantity’s own κ', () => {
    const kappas = { 'I(X;T)': 2, 'I(T;Ŷ)': 1 };
    const found = resolvedRows(rows, kappas);
    expect(kappasIn(found)).toEqual(kappas);
    expect(found.map((r) => [r.group, r.quantity, r.nats])).toEqual([
      ['1', 'I(X;T)', 2.5],
      ['0/backdoor', 'I(X;T)', 1.5],
      ['1', 'I(T;Ŷ)', 2.3],
      ['0/backdoor', 'I(T;Ŷ)', 4.6],
    ]);
    for (const r of found) {
      expect(r.ceiling).toBeCloseTo(Math.log(N), 12);
      expect([r.converged, r.trainNats, r.heldOutNats]).toEqual([null, null, null]);
    }
  });

  it('are saturated within 5 % of ln n', () => {
    expect(resolvedRows(rows, { 'I(X;T)': 2, 'I(T;Ŷ)': 1 }).map((r) => r.saturated)).toEqual([
      false,
      false,
      false,
      true,
    ]);
  });
});

describe('rows at other κ and under the other noise model', () => {
  it('are those of the ladder, each under a name of its own; a κ that the ladder lacks has none', () => {
    const rows = [row(1, '1', ladder(0)), row(1, '1', [4, 2, 0], { variant: 'common' })];
    const found = resolvedAlternatives(rows, { 'I(X;T)': 2 });
    expect(found.map((r) => [r.estimator, r.nats, r.kappa])).toEqual([
      ['resolved, κ × 0.5', 4.5, 1],
      ['resolved, κ × 2', 0.4, 4],
      ['resolved, common noise', 2, 2],
    ]);
  });
});

describe('the rows that the score reads', () => {
  const estimate = (quantity: EstimateRow['quantity'], estimator: string, layer?: string) =>
    ({ quantity, estimator, layer, epoch: 1, group: '1' }) as EstimateRow;
  const rows = [
    estimate('I(X;T)', 'resolved'),
    estimate('I(X;T)', 'infonce', 'layer4'),
    estimate('I(X;Ŷ)', 'infonce', 'layer4'),
    estimate('I(X;T)', 'infonce', 'layer2'),
  ];
  const layer = ['layer4', 'layer2'];

  it('are the first instrument’s, and what only critics give', () => {
    expect(scoredRows(rows, { layer, instrument: ['resolved', 'critics'] })).toEqual([rows[0], rows[2], rows[3]]);
    expect(scoredRows(rows, { layer, instrument: ['critics', 'resolved'] })).toEqual(rows.slice(1));
    expect(scoredRows(rows, { layer })).toEqual(rows.slice(1));
  });
});

it('there is no resolved information without noise, or with one draw of it', () => {
  expect(unresolvable({ noise: 0.4, draws: 8 })).toBeNull();
  expect(unresolvable({ noise: 0, draws: 8 })).toMatch(/γ is 0/);
  expect(unresolvable({ noise: 0.4, draws: 1 })).toMatch(/one noise draw/);
});
