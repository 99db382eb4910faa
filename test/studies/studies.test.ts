import { describe, expect, it } from 'vitest';
import { Rng } from '../../src/base/random.js';
import { runName } from '../../src/config/names.js';
import { resolveConfig } from '../../src/config/resolve.js';
import { findings } from '../../src/findings/paper.js';
import { settings } from '../../src/findings/settings.js';
import type { StudyRun } from '../../src/findings/types.js';
import { dynamicsOf } from '../../src/pipeline/dynamics.js';
import { renderStudy, studyMarkdown } from '../../src/report/index.js';
import type { RunResult } from '../../src/runs/documents.js';
import { grid } from '../../src/studies/grid.js';
import { studies } from '../../src/studies/index.js';
import { parseAttacks, parseData } from '../../src/studies/parse.js';
import { type Curves, table } from '../dynamics/tables.js';
import { example } from '../report/example.js';

const EPOCHS = [1, 2, 3, 4, 6, 8, 10, 12];
const NOISE = 0.03;

/** What an attack does to the curves: [epoch → I(X;T), I(T;Ŷ)] of its backdoor samples; clean ones rise with a half-life of 3 epochs. */
type Flow = (epoch: number) => [number, number];
const clean: Flow = (e) => [1.5 * (1 - 2 ** (-e / 3)), 3 * (1 - 2 ** (-e / 3))];
const shifted =
  (xt: number, ty: number): Flow =>
  (e) => [clean(e)[0] + xt, clean(e)[1] + ty];

interface Made {
  attack: string;
  seed: number;
  flow?: Flow;
  asr?: number;
  psnr?: number;
  /** The authors' grouping, where it has a flow of its own. */
  authors?: Flow;
  options?: Record<string, unknown>;
}

/** A finished run whose estimates follow given curves, with normal errors of known size. */
function made({ attack, seed, flow = clean, asr = 1, psnr = 20, authors, options = {} }: Made): StudyRun {
  const groups: Curves = { '0/backdoor': flow, '0/clean': clean, '0/all': clean };
  if (authors) groups['0/authors'] = authors;
  for (let k = 1; k <= 9; k++) Object.assign(groups, { [k]: clean, [`${k}/null-a0`]: clean, [`${k}/null-b0`]: clean });
  const information = table(EPOCHS, groups, NOISE, new Rng(seed, 'study', attack, JSON.stringify(options)));
  const config = resolveConfig({ attack, seed, epochs: 12, ...options });
  const dynamics = dynamicsOf(information, config);
  const result = { attack, accuracy: 0.9, asr: attack === 'none' ? null : asr, groupSize: 200, seconds: 60 };
  return {
    name: runName(config),
    config,
    result: { ...result, stealth: { score: dynamics.stealth.score } } as unknown as RunResult,
    report: { ...example(), attack, information, ...dynamics, perception: { 'PSNR (dB)': psnr, SSIM: psnr / 40 } },
    others: [],
  };
}

const SEEDS = [0, 1, 2];
const overSeeds = (m: Omit<Made, 'seed'>) => SEEDS.map((seed) => made({ ...m, seed }));
/** Findings by the part of their claim that is theirs alone. */
const judge = (runs: StudyRun[]) =>
  Object.fromEntries(
    findings(settings(runs)[0]).map((f) => [
      f.claim.replace(/: I\(.*\((true groups|the authors’ grouping)\)/, ', $1').replace(/: .*/, ''),
      f,
    ]),
  );

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
    expect(found['Backdoor samples accelerate early, in I(X;T)'].verdict).toBe('reproduced');
    expect(found.Blend.verdict).toBe('reproduced');
    expect(found['Adaptive Blend, true groups'].verdict).toBe('reproduced');
    expect(found['Adaptive Blend, the authors’ grouping'].verdict).toBe('reproduced');
    expect(found['BadNets is stealthier inside the model than most imperceptible attacks'].verdict).toBe('reproduced');
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
    expect(found['BadNets is stealthier inside the model than most imperceptible attacks'].verdict).toBe(
      'contradicted',
    );
    expect(found['I(X;T) of clean classes is compressed after it has expanded'].verdict).not.toBe('reproduced');
  });

  it('are not resolved by attacks that did not take', () => {
    const runs = ['badnets', 'blend', 'adaptive-blend'].flatMap((attack) =>
      overSeeds({ attack, flow: shifted(-1, -1), asr: 0.2 }),
    );
    const { 'I(X;T) of clean classes is compressed after it has expanded': _, ...poisoned } = judge(runs);
    expect(new Set(Object.values(poisoned).map((f) => f.verdict))).toEqual(new Set(['not resolved']));
  });

  it('leave the relation to the look open with five attacks, whatever their order', () => {
    const runs = ['badnets', 'blend', 'wanet', 'sig', 'ftrojan'].flatMap((attack, i) =>
      overSeeds({ attack, flow: shifted(-0.1 * [0, 3, 1, 4, 2][i], 0), psnr: 20 + i }),
    );
    const look = judge(runs)['Stealth inside the model does not follow the look of the trigger'];
    expect(look.verdict).toBe('not resolved');
    expect(look.evidence).toContain('5 attacks');
  });
});

describe('an experiment’s options', () => {
  it('name attacks with rates and parameters of their own', () => {
    expect(parseAttacks('none, wanet@0.2,blend@0.1:alpha=0.2:mask=a.npy')).toEqual([
      { attack: 'none' },
      { attack: 'wanet', rate: 0.2 },
      { attack: 'blend', rate: 0.1, attackOption: ['alpha=0.2', 'mask=a.npy'] },
    ]);
    expect(() => parseAttacks('blnd')).toThrow(/Did you mean "blend"/);
    for (const bad of ['blend@', 'blend@0', 'blend@1.5', 'blend@0.1@0.2', 'blend@x'])
      expect(() => parseAttacks(bad), bad).toThrow(/name@rate/);
  });

  it('name data sets with options of their own', () => {
    expect(parseData('folder:/data/x?train-limit=500&layer=layer4,layer2&seeds=4,5&attacks=none,blend')).toEqual({
      request: { dataset: 'folder', dataDir: '/data/x', trainLimit: '500', layer: ['layer4', 'layer2'] },
      seeds: [4, 5],
      attacks: [{ attack: 'none' }, { attack: 'blend' }],
    });
    expect(() => parseData('shapes10?widht=8')).toThrow(/Did you mean "width"/);
    expect(() => parseData('shapes10?width')).toThrow(/option=value/);
  });

  it('make a grid: the first seed of everything before the second of anything, one clean run a seed, a clean-label attack at its rate', () => {
    const runs = grid({
      base: {},
      data: [{ request: { dataset: 'shapes10' } }],
      attacks: parseAttacks('none,badnets,sig'),
      rates: [0.05, 0.1],
      seeds: [0, 1],
      noises: [],
      models: [],
    });
    expect(runs.map((c) => `${c.seed} ${c.attack} ${c.poisonRate}`)).toEqual(
      [0, 1].flatMap((s) => [`${s} none 0.05`, `${s} badnets 0.05`, `${s} badnets 0.1`, `${s} sig 0.5`]),
    );
  });

  it('give runs names that differ where anything that matters does, and not by where the data lie', () => {
    const config = resolveConfig({ attack: 'blend' });
    expect(runName(resolveConfig({ attack: 'blend', beta: 2 }))).not.toBe(runName(config));
    expect(runName({ ...config, dataDir: '/elsewhere' })).toBe(runName(config));
  });
});

describe('the report of every experiment', () => {
  const runs = ['none', 'badnets', 'blend', 'sig', 'relabel'].flatMap((attack) =>
    SEEDS.flatMap((seed) =>
      [0.1, 0.2].flatMap((poisonRate) =>
        [0.1, 0.4].map((noise) => made({ attack, seed, flow: shifted(-0.1, -0.2), options: { poisonRate, noise } })),
      ),
    ),
  );

  for (const study of studies)
    it(`${study.name}: a page that loads nothing, and the same as Markdown with every figure it names`, async () => {
      const options = { base: {}, data: [], attacks: [], rates: [], seeds: [], noises: [], models: [] };
      const report = await study.report({ runs, failed: [{ name: 'r', why: 'diverged' }] }, options);
      const page = renderStudy(report);
      expect(page).not.toMatch(/(?:src|href)="(?:https?:)?\/\//);
      expect(page).not.toMatch(/NaN|undefined|\[object/);
      const { markdown, figures } = studyMarkdown(report, 'pictures');
      expect(markdown).not.toMatch(/NaN|undefined|\[object/);
      const named = [...markdown.matchAll(/\]\(pictures\/([^)]+)\)/g)].map((m) => m[1]);
      expect(new Set(named)).toEqual(new Set(figures.keys()));
      expect(named.length).toBe(new Set(named).size);
      for (const svg of figures.values()) {
        expect(svg).toMatch(/^<svg xmlns=/);
        expect(svg).not.toContain('var(');
        expect(svg).not.toContain('NaN');
        // An attribute given twice makes the file unreadable.
        const names = [...svg.slice(0, svg.indexOf('>')).matchAll(/ ([\w:-]+)="/g)].map((m) => m[1]);
        expect(names.length).toBe(new Set(names).size);
      }
    });
});
