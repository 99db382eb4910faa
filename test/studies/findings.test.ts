/** The rule of every finding against runs that are made to show it, to show the opposite, or to show nothing. */
import { describe, expect, it } from 'vitest';
import { leadsOf } from '../../src/findings/acceleration.js';
import { calibrationFinding } from '../../src/findings/calibration.js';
import { controlFindings } from '../../src/findings/control.js';
import { lifted } from '../../src/findings/noise.js';
import { orderFinding } from '../../src/findings/order.js';
import { findings } from '../../src/findings/paper.js';
import { falling } from '../../src/findings/poison-rate.js';
import { settings } from '../../src/findings/settings.js';
import { sideBySide } from '../../src/findings/side-by-side.js';
import type { StudyRun } from '../../src/findings/types.js';
import { varied } from '../../src/findings/varied.js';
import { scoredRows } from '../../src/pipeline/resolution.js';
import { clean, type Flow, type Made, made, overSeeds, shifted } from './made.js';

/** Findings by the part of their claim that is theirs alone. */
const judge = (runs: StudyRun[]) =>
  Object.fromEntries(
    findings(settings(runs)[0]).map((f) => [
      f.claim.replace(/: I\(.*\((true groups|the authors’ grouping)\)/, ', $1').replace(/: .*/, ''),
      f,
    ]),
  );

const EARLY = 'Poisoned samples accelerate early, in I(X;T)';
const POISONED_COMPRESS = 'I(X;T) of poisoned samples is compressed after it has expanded';
const CLEAN_COMPRESS = 'I(X;T) of clean classes is compressed after it has expanded';
const BADNETS = 'BadNets is stealthier inside the model than most imperceptible attacks';
const INPUT = 'Stealth inside the model does not follow stealth in input space';

describe('the paper’s findings', () => {
  it('are found in runs that are made to show them', () => {
    const runs = [
      ...overSeeds({ attack: 'none' }),
      // Half of the maximum at epoch 1.5 in the place of 3 and more.
      ...overSeeds({
        attack: 'badnets',
        flow: (e) => [1.5 * (1 - 2 ** (-e / 0.8)), 3 * (1 - 2 ** (-e / 0.8))],
        psnr: 21,
      }),
      ...overSeeds({
        attack: 'blend',
        flow: (e) => [0.6 * (1 - 2 ** (-e / 0.8)), 1.2 * (1 - 2 ** (-e / 0.8))],
        psnr: 18,
      }),
      ...overSeeds({
        attack: 'wanet',
        flow: (e) => [0.4 * (1 - 2 ** (-e / 0.8)), 1 * (1 - 2 ** (-e / 0.8))],
        psnr: 27,
      }),
      ...overSeeds({
        attack: 'adaptive-blend',
        flow: (e) => [0.3 * (1 - 2 ** (-e / 0.8)), clean(e)[1]],
        authors: clean,
        psnr: 22,
      }),
    ];
    const found = judge(runs);
    expect(found[EARLY].verdict).toBe('reproduced');
    expect(found.Blend.verdict).toBe('reproduced');
    expect(found['Adaptive Blend, true groups'].verdict).toBe('reproduced');
    expect(found['Adaptive Blend, the authors’ grouping'].verdict).toBe('reproduced');
  });

  it('of BadNets against the others is found where it scores higher by the effect of interest, and not by less', () => {
    const against = (far: number) =>
      judge([
        ...overSeeds({ attack: 'badnets' }),
        ...['blend', 'wanet'].flatMap((attack) => overSeeds({ attack, flow: shifted(-far, -far) })),
      ])[BADNETS].verdict;
    expect([against(0.9), against(0.1)]).toEqual(['reproduced', 'contradicted']);
  });

  it('are contradicted by runs that are made to show the opposite', () => {
    const runs = [
      ...overSeeds({ attack: 'badnets', flow: shifted(-0.5, -1.2) }),
      ...overSeeds({ attack: 'blend', flow: shifted(0.4, 0.8) }),
      ...overSeeds({ attack: 'wanet' }),
      ...overSeeds({ attack: 'adaptive-blend', flow: shifted(0, -1), authors: shifted(0, -0.5) }),
    ];
    const found = judge(runs);
    expect(found.Blend.verdict).toBe('contradicted');
    expect(found['Adaptive Blend, true groups'].verdict).toBe('contradicted');
    expect(found['Adaptive Blend, the authors’ grouping'].verdict).toBe('contradicted');
    expect(found[BADNETS].verdict).toBe('contradicted');
    expect(found[CLEAN_COMPRESS].verdict).not.toBe('reproduced');
  });

  it('are not resolved by attacks that do not succeed, and say so with the ASR', () => {
    const runs = ['badnets', 'blend', 'adaptive-blend'].flatMap((attack) =>
      overSeeds({ attack, flow: shifted(-1, -1), asr: 0.66 }),
    );
    const { [CLEAN_COMPRESS]: _, ...poisoned } = judge(runs);
    expect(Object.keys(poisoned)).toHaveLength(8);
    for (const f of Object.values(poisoned)) {
      expect(f.verdict, f.claim).toBe('not resolved');
      expect(f.evidence, f.claim).toContain('did not succeed: ASR 0.66');
      expect(f.effects, f.claim).toEqual([]);
    }
    expect(poisoned.Blend.evidence).toBe('blend did not succeed: ASR 0.66.');
  });

  it('give their effects: as shares of the clean level, with interval, seeds, and the smallest visible effect', () => {
    const far: Flow = (e) => [0.6 * clean(e)[0], 0.8 * clean(e)[1]];
    const { effects } = judge(overSeeds({ attack: 'blend', flow: far })).Blend;
    expect(effects.map((e) => e.unit)).toEqual(['share', 'share']);
    [-0.4, -0.2].forEach((truth, i) => {
      const { effect, interval, n, seen, interest, runsNeeded, verdict } = effects[i];
      expect(effect).toBeCloseTo(truth, 1);
      expect(interval![0]).toBeLessThan(truth);
      expect(interval![1]).toBeGreaterThan(truth);
      expect({ n, interest, runsNeeded, verdict }).toEqual({
        n: 3,
        interest: 0.1,
        runsNeeded: null,
        verdict: 'reproduced',
      });
      // (t₀.₉₇₅ + t₀.₈) standard errors, of two degrees of freedom: 4.3027 and 1.0607.
      expect(seen! / (interval![1] - interval![0])).toBeCloseTo((4.3027 + 1.0607) / (2 * 4.3027), 4);
    });
  });

  it('of a smaller effect than that of interest are contradicted, although it is certain', () => {
    const near: Flow = (e) => [0.95 * clean(e)[0], 0.95 * clean(e)[1]];
    const runs = Array.from({ length: 8 }, (_, seed) => made({ attack: 'blend', seed, flow: near }));
    const found = judge(runs).Blend;
    expect(found.effects.every((e) => e.interval![1] < 0 && e.interval![0] > -0.1)).toBe(true);
    expect(found.verdict).toBe('contradicted');
  });

  it('count an attack at several rates once in the relation to input space', () => {
    const runs = ['badnets', 'blend'].flatMap((attack, i) =>
      [0.05, 0.1, 0.2].flatMap((poisonRate) =>
        overSeeds({ attack, flow: shifted(-0.1 - poisonRate, 0), psnr: 20 + i, options: { poisonRate } }),
      ),
    );
    const { effects } = judge(runs)[INPUT];
    expect(effects.map((e) => [e.n, e.repeats, e.interval])).toEqual(Array(2).fill([2, 'attacks', null]));
  });

  it('leave the relation to input space open with five attacks, whatever their order', () => {
    const runs = ['badnets', 'blend', 'wanet', 'sig', 'ftrojan'].flatMap((attack, i) =>
      overSeeds({ attack, flow: shifted(-0.1 * [0, 3, 1, 4, 2][i], 0), psnr: 20 + i }),
    );
    const found = judge(runs)[INPUT];
    expect(found.verdict).toBe('not resolved');
    expect(found.evidence).toContain('5 attacks');
  });

  it('about attacks that were not run are “not run”, with what is missing', () => {
    const verdicts = (runs: StudyRun[]) =>
      findings(settings(runs)[0]).flatMap((f) => (f.verdict === 'not run' ? [f.evidence] : []));
    expect(verdicts(overSeeds({ attack: 'none' }))).toEqual([
      ...Array(3).fill('an attack was not run.'),
      'blend was not run.',
      ...Array(2).fill('adaptive-blend was not run.'),
      'badnets was not run.',
      'an attack was not run.',
    ]);
    expect(verdicts(overSeeds({ attack: 'badnets' }))).toEqual([
      'blend was not run.',
      ...Array(2).fill('adaptive-blend was not run.'),
      'an imperceptible attack was not run.',
    ]);
    expect(findings(settings(overSeeds({ attack: 'none' }))[0])).toHaveLength(9);
  });

  it('of texts are those that carry over: rare words for BadNets, words changed for PSNR', () => {
    const shift = { 'rare-words': -0.1, 'add-sentence': -0.6, 'look-alike': -0.5 };
    const changed = { 'rare-words': 0.1, 'add-sentence': 0.3, 'look-alike': 0.2 };
    const runs = (Object.keys(shift) as (keyof typeof shift)[]).flatMap((attack) =>
      overSeeds({ attack, flow: shifted(shift[attack], shift[attack]), changed: changed[attack] }),
    );
    const found = findings(settings(runs)[0]);
    expect(found.map((f) => f.claim)).toEqual([
      'Poisoned samples accelerate early, in I(X;T)',
      'Poisoned samples accelerate early, in I(T;Ŷ)',
      'I(X;T) of poisoned samples is compressed after it has expanded',
      'I(X;T) of clean classes is compressed after it has expanded',
      'Rare words are stealthier inside the model than most triggers that a reader overlooks',
      'Stealth inside the model does not follow stealth in input space',
    ]);
    expect(found[4].verdict).toBe('reproduced');
    expect(found[4].effects.map((e) => e.what)).toEqual([
      'S of rare-words minus S of add-sentence, by seed',
      'S of rare-words minus S of look-alike, by seed',
    ]);
    // S falls as more words are changed: τ = −1 over three attacks.
    expect(found[5].effects.map((e) => [e.what, e.effect])).toEqual([
      ['Kendall’s rank correlation of S with the share of words changed over attacks', -1],
      ['Kendall’s rank correlation of S with the rise in ln perplexity over attacks', -1],
    ]);
  });

  it('read resolved information where the run was measured by it', () => {
    const runs = overSeeds({ attack: 'blend' }).map((run) => {
      const resolved = run.report.information.map((r) => ({
        ...r,
        estimator: 'resolved',
        nats: r.group === '0/backdoor' ? r.nats / 2 : r.nats,
      }));
      const rows = scoredRows([...run.report.information, ...resolved], { ...run.config, instrument: ['resolved'] });
      return { ...run, report: { ...run.report, information: rows } };
    });
    for (const e of judge(runs).Blend.effects) expect(e.effect).toBeCloseTo(-0.5, 1);
  });
});

describe('early acceleration', () => {
  /** A curve that reaches half of its rise at this epoch. */
  const half =
    (epoch: number): Flow =>
    (e) => [1.5 / (1 + (epoch / e) ** 4), 3 / (1 + (epoch / e) ** 4)];
  const EPOCHS = [0.25, 0.5, 1, 2, 4, 8, 16, 32];
  const of = (poisoned: number, others: number) =>
    judge(overSeeds({ attack: 'badnets', flow: half(poisoned), others: half(others), epochs: EPOCHS }))[EARLY];

  it('is the ratio of steps: half at 1.5 epochs in the place of 3 is −50 %', () => {
    const { verdict, effects } = of(1.5, 3);
    expect(verdict).toBe('reproduced');
    expect(effects[0].effect).toBeCloseTo(-0.5, 1);
    expect(effects[0].interest).toBe(0.1);
  });

  it('is contradicted where poisoned samples come later, or at the same step', () => {
    expect(of(6, 3).verdict).toBe('contradicted');
    expect(of(6, 3).effects[0].effect).toBeCloseTo(1, 0);
  });

  it('has no effect where both curves are past half at the first checkpoint, and says in how many runs they are', () => {
    const found = of(0.1, 0.1);
    expect(found.verdict).toBe('not resolved');
    expect(found.effects).toEqual([]);
    expect(found.evidence).toContain('In 3 of 3 runs both the poisoned samples and most clean classes');
  });

  it('counts poisoned samples that are past half at the first checkpoint where clean classes are not', () => {
    const found = of(0.1, 3);
    expect(found.effects[0].n).toBe(3);
    expect(found.evidence).toContain('the poisoned samples in 3 of 3 runs, and 0 curves of clean classes');
  });

  it('is not reproduced against clean classes that are past half at the first checkpoint', () => {
    // Both at the first checkpoint or after it: the poisoned samples’ own step is known, the clean classes’ is not.
    const leads = leadsOf(
      settings(overSeeds({ attack: 'badnets', flow: half(1), others: half(0.1), epochs: EPOCHS }))[0].attacks[0],
      'I(X;T)',
    );
    expect(leads.map((l) => [l.censored, l.cleanCensored, l.cleanCensoredClasses])).toEqual(
      Array(3).fill([false, true, 9]),
    );
  });
});

describe('a compression', () => {
  const LONG = [1, 2, 4, 8, 12, 16, 20, 30, 40, 60];
  const rising: Flow = (e) => [0.1 + e / 20, 0.2 + e / 10];
  const falling: Flow = (e) => [e <= 16 ? e / 10 : 1.6 - (e - 16) / 60, 3 * (1 - 2 ** (-e / 3))];
  const of = (m: Partial<Made>) => judge(overSeeds({ attack: 'badnets', ...m }));

  it('is reproduced where I(X;T) falls after its rise while I(T;Ŷ) holds, also in a short training', () => {
    const long = of({ others: falling, epochs: LONG });
    expect([long[POISONED_COMPRESS].verdict, long[CLEAN_COMPRESS].verdict]).toEqual(['reproduced', 'reproduced']);
    const early: Flow = (e) => [e <= 4 ? e / 3 : 4 / 3 - (e - 4) / 10, 3 * (1 - 2 ** (-e / 2))];
    expect(of({ others: early })[CLEAN_COMPRESS].verdict).toBe('reproduced');
  });

  it('is contradicted by a long training that goes flat', () => {
    const runs = Array.from({ length: 8 }, (_, seed) => made({ attack: 'badnets', seed, epochs: LONG }));
    const found = judge(runs);
    expect([found[POISONED_COMPRESS].verdict, found[CLEAN_COMPRESS].verdict]).toEqual(['contradicted', 'contradicted']);
  });

  it('is not resolved by a training that ends before epoch 20, where the protocol could tell it', () => {
    const found = of({ epochs: [1, 2, 3, 4, 6, 8, 10, 12, 16, 19] });
    expect([found[POISONED_COMPRESS].verdict, found[CLEAN_COMPRESS].verdict]).toEqual(['not resolved', 'not resolved']);
    expect(found[POISONED_COMPRESS].evidence).toContain('Of 3 trajectories 3 are too short');
  });

  it('is not resolved by trajectories that still rise at the end', () => {
    const found = of({ others: rising, epochs: LONG })[CLEAN_COMPRESS];
    expect(found.verdict).toBe('not resolved');
    expect(found.evidence).toContain('Of 27 trajectories 27 are too short');
  });
});

describe('findings of the other studies', () => {
  const SEVEN = ['badnets', 'blend', 'wanet', 'sig', 'ftrojan', 'bpp', 'refool'];
  /** Attacks whose distance from clean samples at a value of γ is given. */
  const atNoise = (far: (attack: number, noise: number) => number) =>
    varied(
      [0.1, 0.4].flatMap((noise) =>
        SEVEN.map((attack, i) => made({ attack, seed: 0, flow: shifted(-far(i, noise), 0), options: { noise } })),
      ),
      'noise',
    )[0];

  it('the order of attacks holds where it is the same at every value, and not where it is reversed', () => {
    expect(
      orderFinding(
        atNoise((i) => 0.1 * i),
        'order',
      ).verdict,
    ).toBe('reproduced');
    expect(
      orderFinding(
        atNoise((i, noise) => 0.1 * (noise < 0.2 ? i : 6 - i)),
        'order',
      ).verdict,
    ).toBe('contradicted');
  });

  it('an order of attacks that do not succeed is none', () => {
    const runs = [0.1, 0.4].flatMap((noise) =>
      SEVEN.map((attack) => made({ attack, seed: 0, asr: 0.5, options: { noise } })),
    );
    const found = orderFinding(varied(runs, 'noise')[0], 'order');
    expect(found.verdict).toBe('not resolved');
    expect(found.evidence).toContain('at least two attacks that succeed');
  });

  it('less noise lifts I(X;T), lowers it, or cannot be judged at one value', () => {
    const at = (low: number, high: number) =>
      varied(
        [
          ...overSeeds({ attack: 'none', others: shifted(low, 0), options: { noise: 0.1 } }),
          ...overSeeds({ attack: 'none', others: shifted(high, 0), options: { noise: 0.6 } }),
        ],
        'noise',
      )[0];
    expect(lifted(at(1, 0)).verdict).toBe('reproduced');
    expect(lifted(at(0, 1)).verdict).toBe('contradicted');
    expect(lifted(varied(overSeeds({ attack: 'none' }), 'noise')[0]).verdict).toBe('not resolved');
  });

  it('stealth falls with the poison rate, or rises', () => {
    const at = (sign: number) =>
      falling(
        varied(
          [0.05, 0.1, 0.2].flatMap((poisonRate) =>
            overSeeds({
              attack: 'blend',
              flow: shifted(-0.5 - 4 * sign * (poisonRate - 0.1), 0),
              options: { poisonRate },
            }),
          ),
          'poisonRate',
        )[0],
      );
    expect(at(1).map((f) => f.verdict)).toEqual(['reproduced']);
    expect(at(-1).map((f) => f.verdict)).toEqual(['contradicted']);
  });

  it('the score tells an attack from label noise where the two score apart, and not where they score alike', () => {
    const against = (attack: Flow, control: Flow) =>
      controlFindings(
        settings([
          ...overSeeds({ attack: 'badnets', flow: attack }),
          ...overSeeds({ attack: 'relabel', flow: control }),
        ])[0],
      ).map((f) => f.verdict);
    expect(against(shifted(-0.8, -0.8), clean)).toEqual(['reproduced']);
    expect(against(clean, clean)).toEqual(['contradicted']);
  });

  it('the null holds where about 5 % of many clean models lie outside, and not where half do', () => {
    const one = made({ attack: 'none', seed: 0 });
    const at = (score: number) => {
      const stealth = { ...one.report.stealth!, score, null: { ...one.report.stealth!.null!, low: 0.9, high: 1 } };
      return { ...one, report: { ...one.report, stealth } };
    };
    const models = (outside: number, of: number) =>
      calibrationFinding(settings(Array.from({ length: of }, (_, i) => at(i < outside ? 0.5 : 0.95)))[0]);
    expect(models(3, 60).verdict).toBe('reproduced');
    // 1 − 0.05^(1/20) = 13.9 %: the one-sided 95 % bound of none in twenty is below 15 %, that of one in twenty is not.
    expect(models(0, 20).verdict).toBe('reproduced');
    const few = models(1, 20);
    expect(few.verdict).toBe('not resolved');
    expect(few.effects[0].runsNeeded).toBeGreaterThan(20);
    const far = models(6, 12);
    expect(far.verdict).toBe('contradicted');
    expect(far.evidence).toContain('6 of 12 clean models score inside');
  });
});

describe('findings side by side', () => {
  const judged = (options: Partial<Made>) =>
    settings(overSeeds({ attack: 'badnets', flow: shifted(-0.1, -0.1), ...options })).map((setting) => ({
      setting,
      found: findings(setting),
    }));

  it('have a row a claim and a column a data set, and say of which model where there are several', () => {
    const [verdicts, effects] = sideBySide([...judged({}), ...judged({ attack: 'rare-words', changed: 0.1 })]);
    if (verdicts.kind !== 'table' || effects.kind !== 'table') throw new Error('two tables');
    expect(verdicts.head).toEqual(['finding', 'shapes10, model resnet18', 'phrases10, model transformer']);
    const row = (start: string) => verdicts.rows.find(([claim]) => String(claim).startsWith(start))!;
    expect(row('Blend')[2]).toBeNull();
    expect(row('Rare words')[1]).toBeNull();
    expect(row('I(X;T) of clean classes')[1]).not.toBeNull();
    expect(effects.head.slice(0, 3)).toEqual(['finding', 'on', 'effect']);
    const clean = effects.rows.filter(([claim]) => String(claim).startsWith('I(X;T) of clean classes'));
    const ofTwo = [
      ...overSeeds({ attack: 'badnets' }),
      ...overSeeds({ attack: 'badnets', options: { model: 'vit', lr: 1e-3 } }),
    ];
    expect(settings(ofTwo).map((s) => s.dataset)).toEqual(['shapes10, model resnet18', 'shapes10, model vit']);
    expect([...new Set(clean.map(([, on]) => on))]).toEqual([
      'shapes10, model resnet18',
      'phrases10, model transformer',
    ]);
  });
});
