/** What the study of detection makes of rows whose relation is planted, and which runs Neural Cleanse is asked about. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Rng } from '../../src/base/random.js';
import {
  attacked,
  correlations,
  detectorSummaries,
  INTEREST,
  leaveOut,
  modelCorrelations,
  outcomes,
  predictionOf,
} from '../../src/studies/detection/analysis.js';
import { detectorsOf } from '../../src/studies/detection/asked.js';
import { detectionStudy } from '../../src/studies/detection/study.js';
import type { DetectorResult, JudgedRun } from '../../src/studies/detection/types.js';

const golden = JSON.parse(readFileSync(new URL('../golden/spearman.json', import.meta.url), 'utf8'));

const result = (name: string, threatModel: string, more: Partial<DetectorResult>): DetectorResult => ({
  ...{ name, threatModel, skipped: null, auroc: null, tprAt1: null, tpr: null, fpr: null },
  ...{ targets: null, targetFound: null, seconds: 1 },
  ...more,
});

interface Planted {
  dataset?: string;
  attack?: string;
  seed?: number;
  rate?: number;
  asr?: number | null;
  score?: number | null;
  psnr?: number;
  tac?: number;
  detectors?: DetectorResult[];
}

function row({
  dataset = 'd',
  attack = 'badnets',
  seed = 0,
  rate = 0.1,
  asr = 1,
  score = 0.5,
  ...m
}: Planted): JudgedRun {
  return {
    name: [dataset, attack, seed, rate].join('-'),
    dataset,
    config: { attack, seed, poisonRate: rate },
    stamp: '',
    accuracy: 0.9,
    asr,
    poisonedShare: rate,
    groupSize: 30,
    seconds: 1,
    stealth: { score, p: 0.5, kappa: {} },
    spaces: { input: { psnr: m.psnr ?? 20 }, feature: { silhouette: null }, parameter: { tac: m.tac ?? 1 } },
    detectors: m.detectors ?? [],
  };
}

/** Seven attacks, four rates, three seeds: a low S is found by `seen`, whatever S is by `blind`, and `sure` finds everything. */
const planted = ['a', 'b', 'c', 'd', 'e', 'f', 'g'].flatMap((attack) =>
  [0, 1, 2].flatMap((seed) =>
    [0.01, 0.02, 0.05, 0.1].map((rate) => {
      const rng = new Rng(seed, attack, rate);
      const score = rng.uniform();
      const easy = 1 - score + 0.1 * rng.normal();
      return row({
        ...{ attack, seed, rate, score, tac: rng.uniform() },
        // Turned, so that a high value is stealthier: found more the higher PSNR is.
        psnr: 20 - score,
        detectors: [
          result('seen', 'A', { auroc: 0.6 + 0.3 * easy, tprAt1: easy, tpr: easy, fpr: 0.01 }),
          result('blind', 'C', { auroc: rng.uniform(), tprAt1: 0, tpr: 0.5, fpr: 0.5 }),
          result('sure', 'B', { auroc: 1, tprAt1: 1, tpr: 1, fpr: 0 }),
          result('net', 'D', { targets: easy > 0.5 ? ['x'] : [], targetFound: easy > 0.5 }),
        ],
      });
    }),
  ),
);

describe('correlations of planted rows', () => {
  const of = correlations(planted, 'auroc');
  const find = (measure: string, detector: string) => of.find((c) => c.measure === measure && c.detector === detector)!;

  it('say that S predicts a detector that finds what has a low S, and not one that scores at random', () => {
    expect(find('S', 'seen')).toMatchObject({ n: 84, clusters: 21, verdict: 'predicts', threatModel: 'A' });
    expect(find('S', 'seen').rho).toBeLessThan(-0.8);
    expect(find('S', 'blind').verdict).toBe('does not predict');
    // A measure in the wrong direction does not predict: it says that stealthier attacks are found more.
    expect(find('psnr', 'seen').rho).toBeGreaterThan(0.8);
    expect(find('psnr', 'seen').verdict).toBe('does not predict');
  });

  it('have no value where a detector or a measure never varies', () => {
    expect(find('S', 'sure')).toMatchObject({ rho: null, interval: null, partial: null, verdict: 'not resolved' });
    expect(of.some((c) => c.measure === 'silhouette' || c.detector === 'net')).toBe(false);
  });

  it('read the own decision as TPR − FPR, and of networks as whether the target is found', () => {
    const own = correlations(planted, 'own');
    expect(own.find((c) => c.measure === 'S' && c.detector === 'net')!.verdict).toBe('predicts');
    expect(outcomes.own.of(result('x', 'A', { tpr: 0.9, fpr: 0.2 }))).toBeCloseTo(0.7, 12);
    expect(outcomes.own.of(result('x', 'D', {}))).toBeNull();
  });

  it('take away what ASR explains', () => {
    const rng = new Rng(3, 'given');
    const rows = planted.map((r, i) => {
      const asr = rng.uniform();
      const score = 1 - asr + 0.05 * rng.normal();
      const detectors = [result('asr', 'A', { auroc: asr + 0.05 * rng.normal() })];
      return { ...r, name: `${i}`, asr, stealth: { ...r.stealth, score }, detectors };
    });
    const [s] = correlations(rows, 'auroc');
    expect(s.rho).toBeLessThan(-0.9);
    expect(Math.abs(s.partial!)).toBeLessThan(0.3);
    expect(s.partialInterval![0]).toBeLessThan(0);
    expect(s.partialInterval![1]).toBeGreaterThan(0);
  });

  it('do not see a difference between data sets', () => {
    const two = planted.flatMap((r, i) => {
      const rng = new Rng(i, 'sets');
      return ['d', 'e'].map((dataset, k) => ({
        ...row({
          dataset,
          attack: String(r.config.attack),
          seed: Number(r.config.seed),
          rate: Number(r.config.poisonRate),
        }),
        stealth: { score: k + rng.uniform(), p: null, kappa: {} },
        detectors: [result('set', 'A', { auroc: -k + rng.uniform() })],
      }));
    });
    const [s] = correlations(two, 'auroc');
    expect(Math.abs(s.rho!)).toBeLessThan(0.3);
    expect(s.clusters).toBe(42);
  });
});

it('an interval over attacks is wide where seeds of an attack are alike', () => {
  const rows = planted.map((r) => {
    const rng = new Rng(0, 'alike', String(r.config.attack));
    const [score, found] = [rng.uniform(), rng.uniform()];
    return { ...r, stealth: { ...r.stealth, score }, detectors: [result('alike', 'A', { auroc: found })] };
  });
  const [s] = correlations(rows, 'auroc');
  const width = ([low, high]: [number, number]) => high - low;
  expect(width(s.overAttacks!)).toBeGreaterThan(1.3 * width(s.interval!));
});

describe('the verdict', () => {
  it.each<[[number, number] | null, string]>([
    [[-0.9, -0.3], 'predicts'],
    [[-0.9, 0.1], 'not resolved'],
    [[-INTEREST + 0.01, -0.1], 'does not predict'],
    [[0.2, 0.9], 'does not predict'],
    [null, 'not resolved'],
  ])('of the interval %j is %s', (interval, verdict) => {
    expect(predictionOf(interval)).toBe(verdict);
  });
});

describe('threat models', () => {
  it('order the measures, leave out detectors that tell nothing, and rate the rank of an attack that was left out', () => {
    const models = modelCorrelations(planted);
    expect([...new Set(models.map((m) => m.threatModel))]).toEqual(['A', 'C']);
    const [first] = models;
    expect(first).toMatchObject({ measure: 'S', space: 'information', detectors: ['seen'], verdict: 'predicts' });
    expect(first.leftOut!.stable).toBe(true);
    expect(first.leftOut!.error).toBeLessThan(first.leftOut!.middle / 2);
  });

  it('leave one attack out as NumPy does', () => {
    const pairs = (golden.a as number[]).map((x, i) => ({
      row: row({ attack: `${i % 4}` }),
      x,
      y: golden.b[i] as number,
    }));
    const found = leaveOut(pairs)!;
    for (const key of ['low', 'high', 'error', 'middle'] as const)
      expect(found[key], key).toBeCloseTo(golden.leftOut[key], 10);
    expect(leaveOut(pairs.filter((_, i) => i % 4 < 2))).toBeNull();
  });
});

describe('what detectors find', () => {
  it('is summed up with false alarms of unpoisoned runs, which no correlation reads', () => {
    const clean = row({
      ...{ attack: 'none', asr: null, score: 0.9 },
      detectors: [result('seen', 'A', { tpr: null, fpr: 0.03 }), result('net', 'D', { targets: ['y'] })],
    });
    const rows = [...planted, clean];
    expect(attacked(rows)).toHaveLength(planted.length);
    const by = Object.fromEntries(detectorSummaries(rows).map((d) => [d.name, d]));
    expect(by.seen).toMatchObject({ clean: { runs: 1, fpr: 0.03, withTarget: null }, uninformative: null });
    expect(by.net.clean).toEqual({ runs: 1, fpr: null, withTarget: 1 });
    expect(by.sure.uninformative).toBe('its result hardly varies (1.00 to 1.00)');
  });
});

describe('the plan', () => {
  it('has at least 60 attacked runs, and asks Neural Cleanse about 12', () => {
    const { attacks, rates, seeds, detection } = detectionStudy.defaults;
    const o = { base: {}, data: [{ request: { dataset: 'shapes10' } }], attacks, rates, seeds, noises: [], models: [] };
    const plan = detectionStudy.plan(o);
    expect(plan.filter((c) => c.attack !== 'none').length).toBeGreaterThanOrEqual(60);
    expect(plan[0]).toMatchObject({ attack: 'none', model: 'resnet10', minimumGroup: 30 });
    // What the user gives wins over the study's own.
    expect(detectionStudy.plan({ ...o, base: { model: 'resnet18' } })[0].model).toBe('resnet18');
    const asked = detectorsOf(plan.length, detection!);
    const cleansed = asked.flatMap((a, i) => (a.names.includes('NC') ? [i] : []));
    expect(cleansed).toHaveLength(12);
    // Every seed has some.
    expect(new Set(cleansed.map((i) => plan[i].seed)).size).toBe(3);
    expect(detectorsOf(4, detection!).every((a) => a.names.length === 10)).toBe(true);
    expect(detectorsOf(1, { names: ['AC'], again: ['AC', 'NC'] })).toEqual([{ names: ['AC'], again: ['AC'] }]);
  });
});
