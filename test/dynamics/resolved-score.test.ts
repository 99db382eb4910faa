/** The stealth score of resolved information: p from the integration gap alone, and no score of saturated values. */
import { describe, expect, it } from 'vitest';
import { Rng } from '../../src/base/random.js';
import { type StealthResult, stealth } from '../../src/dynamics/stealth.js';
import type { EstimateRow } from '../../src/dynamics/types.js';
import { type Curves, plainRun, table } from './tables.js';

const EPOCHS = [0.25, 0.5, 1, 2, 4, 8];
const resolved = (rows: EstimateRow[]) => rows.map((r) => ({ ...r, estimator: 'resolved', converged: null }));
const scored = (curves: Curves, noise = 0.02, seed = 1): StealthResult =>
  stealth(resolved(table(EPOCHS, curves, noise, new Rng(seed, 'resolved score'))), {
    target: 0,
    estimator: 'resolved',
  });

describe('p of resolved information', () => {
  it('does not see the footprint gap: a target class that is odd as a whole lowers S, and leaves p', () => {
    const run = plainRun(10, 3);
    const odd = { ...run };
    for (const group of ['0/backdoor', '0/clean', '0/all'])
      odd[group] = (e) => run[group](e).map((v) => v + 0.8) as [number, number];
    const [plain, shifted] = [scored(run), scored(odd)];
    expect(shifted.score!).toBeLessThan(plain.score! - 0.05);
    expect(shifted.p!).toBeCloseTo(plain.p!, 10);
    expect(shifted.rank).toBe(plain.rank);
  });

  it('falls far below what the number of draws allows to a rank', () => {
    const far = scored(plainRun(10, 3, 1));
    expect(far.rank).toBeCloseTo(1 / 28, 12);
    expect(far.p!).toBeLessThan(0.001);
    expect(far.p!).toBeGreaterThan(0);
  });

  it('is uniform where nothing is poisoned: 400 targets drawn as the clean classes are, each moment by itself', () => {
    let below = 0;
    let low = 0;
    for (let seed = 0; seed < 400; seed++) {
      const rng = new Rng(seed, 'classes');
      const run: Curves = {};
      for (let k = 0; k < 10; k++) {
        const halves = k === 0 ? ['0/backdoor', '0/clean'] : [`${k}/null-a0`, `${k}/null-b0`];
        for (const group of [...halves, k === 0 ? '0/all' : String(k)]) {
          const shift = new Map(EPOCHS.map((e): [number, [number, number]] => [e, [rng.normal(), rng.normal()]]));
          run[group] = (e) => shift.get(e)!.map((z, q) => [2, 1.5][q] + 0.1 * z) as [number, number];
        }
      }
      const { p } = scored(run, 0);
      below += Number(p! <= 0.5);
      low += Number(p! <= 0.05);
    }
    // Binomial: 200 ± 10 and 20 ± 4.4; three standard deviations either way.
    expect(Math.abs(below - 200)).toBeLessThan(30);
    expect(Math.abs(low - 20)).toBeLessThan(14);
  });

  it('stands beside the gap in spreads of the null, which critics have too', () => {
    const rows = table(EPOCHS, plainRun(10, 3, 1), 0.02, new Rng(1, 'spreads'));
    const own = stealth(resolved(rows), { target: 0 });
    const gaps = own.null!.gapsByClass!.flat();
    const centre = gaps.reduce((a, b) => a + b, 0) / gaps.length;
    const spread = Math.sqrt(gaps.reduce((t, g) => t + (g - centre) ** 2, 0) / (gaps.length - 1));
    const parts = Object.values(own.parts).map((p) => p!.integrationGap);
    expect(own.separation!).toBeCloseTo(((parts[0] + parts[1]) / 2 - centre) / spread, 10);
    expect(stealth(rows, { target: 0 }).separation).toBeCloseTo(own.separation!, 12);
    expect(
      stealth(
        rows.filter((r) => !r.group.includes('null')),
        { target: 0 },
      ).separation,
    ).toBeNull();
  });

  it('of critics stays the share of the null’s scores', () => {
    const found = stealth(table(EPOCHS, plainRun(10, 3, 1), 0.02, new Rng(1, 'critics')), { target: 0 });
    expect(found.p).toBe(found.rank);
    expect(found.p).toBeCloseTo(1 / 28, 12);
  });
});

describe('the average over ln(step)', () => {
  // Poisoned samples deviate in I(X;T) by 1 nat up to epoch e₀ and are equal to the clean ones from epoch e₁ on, linear in between.
  const [e0, e1] = [1, 2];
  const epochs = [0.125, 0.25, 0.5, 1, 2, 4, 8];
  const rows = (moved: readonly number[]) =>
    resolved(
      table(moved, {
        '0/backdoor': (e) => [3 - (e <= moved[3] ? 1 : 0), 2],
        '0/clean': () => [3, 2],
        '0/all': () => [3, 2],
        '1': () => [3, 2],
        '2': () => [3, 2],
      }),
    );
  const found = (axis: 'epochs' | 'ln step', moved = epochs) =>
    stealth(rows(moved), { target: 0, estimator: 'resolved', axis });

  it('is the area over an axis of ln(step), and the one over epochs that of epochs', () => {
    // The gap is 1 over [0.125, 1] and falls to 0 over [1, 2]; s_q = 3; G has the mean of two gaps, D that of two quantities.
    const over = (f: (e: number) => number) => (f(e0) - f(0.125) + (f(e1) - f(e0)) / 2) / (f(8) - f(0.125)) / 3 / 4;
    expect(found('epochs').distance).toBeCloseTo(
      over((e) => e),
      12,
    );
    expect(found('ln step').distance).toBeCloseTo(over(Math.log), 12);
  });

  it('does not depend on how many steps an epoch has', () => {
    const scaled = epochs.map((e) => e * 37);
    expect(found('ln step', scaled).distance).toBeCloseTo(found('ln step').distance!, 12);
  });

  it('has no place for epoch 0', () => {
    const { score, reason } = found('ln step', [0, 0.25, 0.5, 1, 2, 4, 8]);
    expect(score).toBeNull();
    expect(reason).toContain('epoch 0');
  });
});

it('a score made of saturated values is refused, and says of which', () => {
  const rows = resolved(table(EPOCHS, plainRun(10, 1), 0.02, new Rng(1, 'saturated')));
  const saturated = rows.map((r) =>
    r.group === '0/backdoor' && r.quantity === 'I(X;T)' && r.epoch <= 2 ? { ...r, saturated: true } : r,
  );
  const { score, reason } = stealth(saturated, { target: 0, estimator: 'resolved' });
  expect(score).toBeNull();
  expect(reason).toBe(
    'the estimates of I(X;T) of group 0/backdoor are saturated at most checkpoints: within 5 % of ln n',
  );
  const once = rows.map((r) => (r.epoch === 8 ? { ...r, saturated: true } : r));
  expect(stealth(once, { target: 0, estimator: 'resolved' }).score).not.toBeNull();
});
