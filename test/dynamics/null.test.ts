import { describe, expect, it } from 'vitest';
import { Rng } from '../../src/base/random.js';
import { exceedance, predictionRange } from '../../src/dynamics/null.js';
import { stealth } from '../../src/dynamics/stealth.js';
import { plainRun, table } from './tables.js';

const epochs = [1, 2, 4, 8, 14];

describe('the null of the stealth score', () => {
  it('is one draw per clean class and split, with low ≤ mean ≤ high', () => {
    const result = stealth(table(epochs, plainRun(6, 3), 0.03, new Rng(1, 'null')), { target: 0 });
    expect(result.null!.draws).toBe(15);
    expect(result.null!.scores).toHaveLength(15);
    expect(result.null!.low).toBeLessThan(result.null!.mean);
    expect(result.null!.mean).toBeLessThan(result.null!.high);
    expect(result.null!.high).toBeLessThanOrEqual(1);
  });

  it('is the score of class k with its halves as backdoor and clean and the other clean classes as the rest', () => {
    const run = plainRun(4, 1);
    const result = stealth(table(epochs, run), { target: 0 });
    const recast = {
      '2/backdoor': run['2/null-a0'],
      '2/clean': run['2/null-b0'],
      '2/all': run['2'],
      1: run['1'],
      3: run['3'],
    };
    expect(result.null!.labels[1]).toBe('2/null 0');
    expect(result.null!.scores[1]).toBeCloseTo(stealth(table(epochs, recast), { target: 2 }).score!, 12);
  });

  it('takes nothing from the true target class', () => {
    const clean = stealth(table(epochs, plainRun(5, 2)), { target: 0 });
    const run = plainRun(5, 2);
    for (const g of ['0/backdoor', '0/clean', '0/all']) run[g] = (e) => [7, e];
    const poisoned = stealth(table(epochs, run), { target: 0 });
    expect(poisoned.null!.scores).toEqual(clean.null!.scores);
    expect(poisoned.score!).toBeLessThan(clean.score!);
  });

  it('gives p = (1 + #{S_null ≤ S}) / (1 + draws), never below 1 / (1 + draws)', () => {
    const far = stealth(table(epochs, plainRun(6, 2, 2)), { target: 0 });
    expect(far.p).toBe(1 / 11);
    expect(far.excess!).toBeGreaterThan(0);
    const run = plainRun(6, 2);
    const middle = (e: number): [number, number] => [run[3](e)[0], run[3](e)[1]];
    const near = stealth(table(epochs, { ...run, '0/backdoor': middle, '0/clean': middle, '0/all': middle }), {
      target: 0,
    });
    const below = near.null!.scores.filter((s) => s <= near.score!).length;
    expect(near.p).toBe((1 + below) / 11);
    expect(below).toBe(10);
  });

  it('leaves out draws with too few samples or checkpoints, and says so', () => {
    const rows = table(epochs, plainRun(5, 2)).filter((r) => !(r.group === '1/null-a0' && r.epoch === 4));
    const result = stealth(
      rows.map((r) => (r.group === '2/null-b1' ? { ...r, samples: 40 } : r)),
      { target: 0 },
    );
    expect(result.null!.draws).toBe(6);
    expect(result.notes[0]).toMatch(/^2 null draws left out/);
    expect(result.epochs).toEqual(epochs);
  });

  it('is null without halves of clean classes, and the score stands without p', () => {
    const result = stealth(table(epochs, plainRun(5, 0)), { target: 0 });
    expect(result).toMatchObject({ null: null, p: null, excess: null });
    expect(result.score).toBeGreaterThan(0);
    expect(result.notes).toEqual(['no halves of clean classes were estimated, so the score has no null']);
  });

  it('holds p honest: with no poison anywhere p ≤ 0.1 in about one run of ten', () => {
    const rng = new Rng(8, 'honest');
    let small = 0;
    for (let r = 0; r < 300; r++) {
      const run = plainRun(11, 1);
      // Every class has a level of its own; halves and the whole share it, as they do in a clean run.
      const levels = Array.from({ length: 11 }, () => rng.normal() * 0.1);
      for (const g of Object.keys(run)) {
        const level = 2 + levels[Number.parseInt(g, 10)];
        run[g] = () => [level, level + 1];
      }
      if (stealth(table(epochs, run, 0.05, rng), { target: 0 }).p! <= 0.1) small++;
    }
    expect(small / 300).toBeLessThanOrEqual(0.15);
    expect(small).toBeGreaterThan(0);
  });
});

describe('the 95 % range of the null', () => {
  it('for one split per class is the t prediction interval on log D', () => {
    const logs = [-1, -2, -1.5, -0.5];
    const [low, high] = predictionRange(logs.map((v) => [Math.exp(v)]));
    const half = 3.182446 * Math.sqrt((1 + 1 / 4) * (1.25 / 3));
    expect(Math.log(low)).toBeCloseTo(-1.25 - half, 5);
    expect(Math.log(high)).toBeCloseTo(-1.25 + half, 5);
  });

  it('holds a draw from a new class 95 % of the time, whether classes differ or not', () => {
    for (const [between, within, splits] of [
      [0, 0.5, 1],
      [0, 0.5, 3],
      [0.4, 0.2, 3],
      [0.5, 0, 2],
    ]) {
      const rng = new Rng(9, 'coverage', between, splits);
      let covered = 0;
      const runs = 3000;
      for (let r = 0; r < runs; r++) {
        const drawClass = () => {
          const level = -1.5 + between * rng.normal();
          return Array.from({ length: splits }, () => Math.exp(level + within * rng.normal()));
        };
        const [low, high] = predictionRange(Array.from({ length: 9 }, drawClass));
        const fresh = drawClass()[0];
        if (low <= fresh && fresh <= high) covered++;
      }
      expect(covered / runs, `between ${between}, within ${within}, ${splits} splits`).toBeGreaterThan(0.935);
      expect(covered / runs, `between ${between}, within ${within}, ${splits} splits`).toBeLessThan(0.975);
    }
  });

  it('is everything when there is one class only', () => {
    expect(predictionRange([[0.1, 0.2]])).toEqual([0, Number.POSITIVE_INFINITY]);
  });
});

describe('the chance that one more clean class is as far', () => {
  it('with two classes is that of a Cauchy law of ln D', () => {
    // ln D is 0 and 2: mean 1, spread √(2 · (1 + 1/2)); Student with 1 degree of freedom is Cauchy.
    const classes = [[1], [Math.E ** 2]];
    for (const value of [0.01, 1, 3, 50, 1e6]) {
      const t = (Math.log(value) - 1) / Math.sqrt(3);
      expect(exceedance(classes, value)).toBeCloseTo(0.5 - Math.atan(t) / Math.PI, 10);
    }
  });

  it('keeps its digits in the far tail', () => {
    const classes = [0.9, 1, 1.1, 1, 0.95, 1.05, 1, 0.98, 1.02].map((d) => [d]);
    const [far, farther] = [exceedance(classes, 3)!, exceedance(classes, 6)!];
    expect(far).toBeGreaterThan(farther);
    expect(farther).toBeGreaterThan(0);
    expect(far).toBeLessThan(1e-5);
  });

  it('agrees with the prediction interval: its upper end is exceeded with 2.5 %', () => {
    const classes = [
      [0.2, 0.3, 0.25],
      [0.5, 0.4, 0.45],
      [0.1, 0.2, 0.3],
      [0.3, 0.35, 0.2],
    ];
    expect(exceedance(classes, predictionRange(classes)[1])).toBeCloseTo(0.025, 8);
    expect(exceedance(classes, predictionRange(classes)[0])).toBeCloseTo(0.975, 8);
  });

  it('is not known from one class', () => {
    expect(exceedance([[1, 2, 3]], 2)).toBeNull();
  });
});
