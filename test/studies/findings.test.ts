/** Verdicts: the rule of every finding against runs that are made to show it, to show the opposite, or to show nothing. */
import { describe, expect, it } from 'vitest';
import { calibrationFinding } from '../../src/findings/calibration.js';
import { controlFindings } from '../../src/findings/control.js';
import { lifted } from '../../src/findings/noise.js';
import { orderFinding } from '../../src/findings/order.js';
import { findings, notJudged } from '../../src/findings/paper.js';
import { falling } from '../../src/findings/poison-rate.js';
import { settings } from '../../src/findings/settings.js';
import type { StudyRun } from '../../src/findings/types.js';
import { varied } from '../../src/findings/varied.js';
import { allOf, mostOf, verdictOf } from '../../src/findings/verdict.js';
import { clean, type Flow, type Made, made, overSeeds, SEEDS, shifted } from './made.js';

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

describe('verdictOf', () => {
  const [above, below] = [[{ above: 0 }], [{ below: 0 }]];

  it.each([
    [[0.1, 0.5], 3, 'reproduced'],
    [[-0.5, -0.1], 3, 'contradicted'],
    [[-0.1, 0.5], 3, 'not resolved'],
    [[0, 0.5], 3, 'not resolved'],
    [[Number.NaN, Number.NaN], 3, 'not resolved'],
    // One run's interval says nothing of another run.
    [[0.1, 0.5], 1, 'not resolved'],
  ] as const)('of a value above 0: %j from %d repetitions is %s', (interval, n, verdict) => {
    expect(verdictOf({ interval: [...interval], n }, above, below)).toBe(verdict);
  });

  it('takes several ranges, none that contradicts, and lets a contradiction win', () => {
    const apart = [{ above: 0 }, { below: 0 }];
    expect(verdictOf({ interval: [-2, -1], n: 2 }, apart, [])).toBe('reproduced');
    expect(verdictOf({ interval: [-2, 1], n: 2 }, apart, [])).toBe('not resolved');
    expect(verdictOf({ interval: [0.1, 0.4], n: 90 }, [{ above: -0.5, below: 0.5 }], apart)).toBe('contradicted');
  });

  it('of several parts: one contradicted part contradicts a claim about all, more than half decide one about most', () => {
    const [r, c, n] = ['reproduced', 'contradicted', 'not resolved'] as const;
    expect([allOf([r, r]), allOf([r, n]), allOf([r, c]), allOf([])]).toEqual([r, n, c, n]);
    expect([mostOf([r, r, c]), mostOf([r, c]), mostOf([c, c, n]), mostOf([])]).toEqual([r, n, c, n]);
  });
});

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
    expect(found[BADNETS].verdict).toBe('reproduced');
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

  it('are not resolved by attacks that do not succeed, and say so', () => {
    const runs = ['badnets', 'blend', 'adaptive-blend'].flatMap((attack) =>
      overSeeds({ attack, flow: shifted(-1, -1), asr: 0.2 }),
    );
    const { [CLEAN_COMPRESS]: _, ...poisoned } = judge(runs);
    expect(Object.keys(poisoned)).toHaveLength(8);
    expect(new Set(Object.values(poisoned).map((f) => f.verdict))).toEqual(new Set(['not resolved']));
    expect(poisoned.Blend.evidence).toBe('Blend does not succeed.');
    expect(poisoned['Adaptive Blend, true groups'].evidence).toContain('ASR 0.20');
  });

  it('leave the relation to input space open with five attacks, whatever their order', () => {
    const runs = ['badnets', 'blend', 'wanet', 'sig', 'ftrojan'].flatMap((attack, i) =>
      overSeeds({ attack, flow: shifted(-0.1 * [0, 3, 1, 4, 2][i], 0), psnr: 20 + i }),
    );
    const found = judge(runs)[INPUT];
    expect(found.verdict).toBe('not resolved');
    expect(found.evidence).toContain('5 attacks');
  });

  it('about attacks that were not run are not judged, and named with what is missing', () => {
    const [cleanOnly] = settings(overSeeds({ attack: 'none' }));
    expect(findings(cleanOnly).map((f) => f.claim)).toEqual([CLEAN_COMPRESS]);
    expect(notJudged(cleanOnly)).toHaveLength(8);

    const [badnetsOnly] = settings(overSeeds({ attack: 'badnets' }));
    const missing = Object.fromEntries(notJudged(badnetsOnly).map((n) => [n.claim, n.missing]));
    expect(Object.values(missing)).toEqual(['blend', 'adaptive-blend', 'adaptive-blend', 'an imperceptible attack']);
    expect(findings(badnetsOnly).filter((f) => f.claim in missing)).toEqual([]);
    expect(findings(badnetsOnly)).toHaveLength(5);
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
    const found = of({ epochs: LONG });
    expect([found[POISONED_COMPRESS].verdict, found[CLEAN_COMPRESS].verdict]).toEqual(['contradicted', 'contradicted']);
  });

  it('is not resolved by a training that ends before epoch 20, where the protocol could tell it', () => {
    const found = of({ epochs: [1, 2, 3, 4, 6, 8, 10, 12, 16, 19] });
    expect([found[POISONED_COMPRESS].verdict, found[CLEAN_COMPRESS].verdict]).toEqual(['not resolved', 'not resolved']);
    expect(found[POISONED_COMPRESS].evidence).toMatch(/^Of 3 trajectories 0 have .* 3 are too short/);
  });

  it('is not resolved by trajectories that still rise at the end', () => {
    const found = of({ others: rising, epochs: LONG })[CLEAN_COMPRESS];
    expect(found.verdict).toBe('not resolved');
    expect(found.evidence).toMatch(/^Of 27 trajectories 0 have .* 27 are too short/);
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
            overSeeds({ attack: 'blend', flow: shifted(-0.5 - 2 * sign * poisonRate, 0), options: { poisonRate } }),
          ),
          'poisonRate',
        )[0],
      );
    expect(at(1).map((f) => f.verdict)).toEqual(['reproduced']);
    expect(at(-1).map((f) => f.verdict)).toEqual(['contradicted']);
  });

  it('the score tells an attack from label noise where the two score apart, and resolves nothing where they do not', () => {
    const against = (attack: Flow, control: Flow) =>
      controlFindings(
        settings([
          ...overSeeds({ attack: 'badnets', flow: attack }),
          ...overSeeds({ attack: 'relabel', flow: control }),
        ])[0],
      ).map((f) => f.verdict);
    expect(against(shifted(-0.8, -0.8), clean)).toEqual(['reproduced']);
    expect(against(clean, clean)).toEqual(['not resolved']);
  });

  it('the null holds for clean models like their classes, and not for models far from them', () => {
    const models = (flow: Flow, n: number) =>
      calibrationFinding(settings(Array.from({ length: n }, (_, seed) => made({ attack: 'none', seed, flow })))[0]);
    expect(models(clean, 8).verdict).toBe('reproduced');
    const far = models(shifted(-1, -1), 8);
    expect(far.verdict).toBe('contradicted');
    expect(far.evidence).toContain('0 of 8 clean models score inside');
    expect(models(clean, SEEDS.length).verdict).toBe('not resolved');
  });
});
