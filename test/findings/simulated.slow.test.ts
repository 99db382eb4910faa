/** The rule of verdicts against simulated seeds of known effect and spread: how often it errs, and what it sees. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Rng } from '../../src/base/random.js';
import { studentQuantile } from '../../src/dynamics/student.js';
import { cleanClassesCompress } from '../../src/findings/compression.js';
import type { Setting } from '../../src/findings/settings.js';
import { byAttackAndSeed, bySeed, type Cell } from '../../src/findings/spread.js';
import { type Direction, judge, verdictOf } from '../../src/findings/verdict.js';
import type { Verdict } from '../../src/report/index.js';
import { table } from '../dynamics/tables.js';

const golden = JSON.parse(readFileSync(new URL('../golden/student.json', import.meta.url), 'utf8')) as {
  power: { n: number; power: number }[];
};

const INTEREST = 0.1;
const question = (direction: Direction) => ({ what: 'x', unit: 'share' as const, direction, interest: INTEREST });

const STUDIES = 2000;

/** Shares of each verdict over `STUDIES` studies of `n` seeds whose effects are normal with this mean and standard deviation. */
function shares(direction: Direction, truth: number, spread: number, n: number, studies = STUDIES) {
  const rng = new Rng(1, 'verdicts', direction, String(truth), String(spread), String(n));
  const counts: Record<Verdict, number> = { reproduced: 0, 'not resolved': 0, contradicted: 0, 'not run': 0 };
  for (let i = 0; i < studies; i++) {
    const values = Array.from({ length: n }, () => truth + spread * rng.normal());
    counts[verdictOf(bySeed(values), question(direction))] += 1 / studies;
  }
  return counts;
}

/** 5 %, and three standard errors of a share over the studies. */
const FIVE_PERCENT = 0.05 + 3 * Math.sqrt((0.05 * 0.95) / STUDIES);

describe('simulated seeds', () => {
  it.each([2, 3, 8])('%d seeds: at most 5 % are falsely reproduced, and at most 5 % falsely contradicted', (n) => {
    for (const spread of [0.02, 0.2]) {
      for (const direction of ['above', 'below', 'apart'] as const) {
        const sign = direction === 'below' ? -1 : 1;
        expect(shares(direction, 0, spread, n).reproduced, direction).toBeLessThan(FIVE_PERCENT);
        expect(shares(direction, sign * INTEREST, spread, n).contradicted, direction).toBeLessThan(FIVE_PERCENT);
      }
      for (const truth of [-INTEREST, INTEREST]) {
        const found = shares('close', truth, spread, n);
        expect(found.reproduced, 'close').toBeLessThan(FIVE_PERCENT);
        expect(found.contradicted, 'close').toBeLessThan(FIVE_PERCENT);
      }
      const holds = shares('holds', -INTEREST, spread, n);
      expect(Math.max(holds.reproduced, holds.contradicted), 'holds').toBeLessThan(FIVE_PERCENT);
    }
  });

  it.each(golden.power)(
    '$n seeds have at the smallest visible effect the power of the t test: $power',
    ({ n, power }) => {
      // Of a spread so large that the smallest visible effect is the effect of interest.
      const t = (p: number) => studentQuantile(p, n - 1);
      const spread = (INTEREST * Math.sqrt(n)) / (t(0.975) + t(0.8));
      const found = shares('above', INTEREST, spread, n);
      // An effect of interest is contradicted in 2.5 % of cases, and some of these intervals exclude 0 too.
      expect(found.reproduced).toBeGreaterThan(power - 0.025 - 0.02);
      expect(found.reproduced).toBeLessThan(power + 0.02);
      if (n >= 5) expect(found.reproduced).toBeGreaterThan(0.75);
      const seen = judge(
        bySeed(Array.from({ length: n }, (_, i) => spread * Math.sqrt((n - 1) / 2) * [1, -1, 0][Math.min(i, 2)])),
        question('above'),
      ).seen!;
      expect(seen).toBeCloseTo(INTEREST, 8);
    },
  );

  it('the seeds that are said to be needed see the effect of interest in about 80 %, one fewer does not suffice by the formula', () => {
    const values = [-0.15, 0.15, 0.12, -0.12];
    const { runsNeeded: n, verdict } = judge(bySeed(values), question('above'));
    expect(verdict).toBe('not resolved');
    const spread = Math.sqrt(values.reduce((s, v) => s + v * v, 0) / 3);
    const seen = (k: number) => ((studentQuantile(0.975, k - 1) + studentQuantile(0.8, k - 1)) * spread) / Math.sqrt(k);
    expect(seen(n!)).toBeLessThanOrEqual(INTEREST);
    expect(seen(n! - 1)).toBeGreaterThan(INTEREST);
    const { reproduced } = shares('above', INTEREST, spread, n!);
    expect(reproduced).toBeGreaterThan(0.75);
    expect(reproduced).toBeLessThan(0.85);
  });

  it('the seeds that closeness needs show it in about 80 % where the truth is 0', () => {
    const spread = 0.1;
    const { runsNeeded: n } = judge(bySeed([spread / Math.SQRT2, -spread / Math.SQRT2]), question('close'));
    const { reproduced } = shares('close', 0, spread, n!);
    expect(reproduced).toBeGreaterThan(0.75);
    expect(reproduced).toBeLessThan(0.87);
  });
});

describe('a claim over attacks', () => {
  /** Effects with the standard deviations of attacks, seeds and the rest. */
  function cells(rng: Rng, truth: number, [attack, seed, rest]: number[], attacks: number, seeds: number): Cell[] {
    const a = Array.from({ length: attacks }, () => attack * rng.normal());
    const s = Array.from({ length: seeds }, () => seed * rng.normal());
    return a.flatMap((x, i) =>
      s.map((y, j) => ({ attack: String(i), seed: j, value: truth + x + y + rest * rng.normal() })),
    );
  }

  it.each([
    ['attacks', [0.1, 0, 0.02]],
    ['seeds', [0, 0.1, 0.02]],
    ['both', [0.1, 0.1, 0.05]],
    ['neither', [0, 0, 0.1]],
  ])('is falsely resolved in at most 5 % where %s differ', (_, spreads) => {
    for (const [attacks, seeds] of [
      [2, 3],
      [4, 3],
      [5, 5],
    ]) {
      const rng = new Rng(2, 'attacks', String(attacks), String(spreads));
      const studies = STUDIES;
      let [reproduced, contradicted] = [0, 0];
      for (let i = 0; i < studies; i++) {
        const none = byAttackAndSeed(cells(rng, 0, spreads as number[], attacks, seeds));
        if (verdictOf(none, question('below')) === 'reproduced') reproduced += 1 / studies;
        const some = byAttackAndSeed(cells(rng, -INTEREST, spreads as number[], attacks, seeds));
        if (verdictOf(some, question('below')) === 'contradicted') contradicted += 1 / studies;
      }
      const bound = 0.05 + 3 * Math.sqrt((0.05 * 0.95) / studies);
      expect(reproduced, `${attacks} × ${seeds}`).toBeLessThan(bound);
      expect(contradicted, `${attacks} × ${seeds}`).toBeLessThan(bound);
    }
  });
});

describe('a compression', () => {
  const epochs = [0.5, 1, 2, 4, 8, 16, 20, 30, 40, 60];
  /** Runs of three seeds whose curves expand to epoch 8 and then change by this share, with errors of 6 % of the height. */
  const setting = (change: number, rng: Rng) => {
    const level = (e: number) => (e <= 8 ? 0.2 + 0.1 * e : 1 + (change * (e - 8)) / 52);
    const flow = (e: number): [number, number] => [level(e), Math.min(1, 0.2 + 0.1 * e)];
    const runs = [0, 1, 2].map((seed) => ({
      config: { seed, target: 0 },
      report: { information: table(epochs, { '1': flow }, 0.06, rng), phases: [] },
    }));
    const attack = { label: 'none', config: { attack: 'none', attackOption: [], target: 0 }, runs };
    return { dataset: 'x', attacks: [attack] } as unknown as Setting;
  };

  it('is found in at most 5 % of flat curves, although each has a maximum above its end, and in most that fall by 40 %', () => {
    const rng = new Rng(7, 'compressions');
    const share = (change: number, n = 400) =>
      Array.from({ length: n }, () => cleanClassesCompress.judge(setting(change, rng)).effects[0].verdict).filter(
        (v) => v === 'reproduced',
      ).length / n;
    expect(share(0)).toBeLessThan(0.05 + 3 * Math.sqrt((0.05 * 0.95) / 400));
    expect(share(-0.4)).toBeGreaterThan(0.6);
  });
});
