/** The plan of a sweep, the frontier of its trials, and its best trial. */
import { describe, expect, it } from 'vitest';
import { Rng } from '../../src/base/random.js';
import { newDocument } from '../../src/report/dom.js';
import { parallelFigure, placed } from '../../src/report/figures/parallel.js';
import { groupWords } from '../../src/studies/equal-footing.js';
import { parseAttacks, parseData } from '../../src/studies/parse.js';
import { sweepStudy } from '../../src/studies/sweep.js';
import { bestTrial, frontierOf, type Trial } from '../../src/studies/trials.js';
import type { StudyOptions } from '../../src/studies/types.js';
import { parseVary } from '../../src/studies/vary.js';
import { made, shifted } from './made.js';

function options(attacks: string, vary: string[], more: Partial<StudyOptions> = {}): StudyOptions {
  const choices = parseAttacks(attacks);
  const names = choices.map((c) => c.attack);
  return {
    base: {},
    data: [{ request: { dataset: 'shapes10' } }],
    attacks: choices,
    rates: [],
    seeds: [0],
    noises: [],
    models: [],
    sweep: { vary: vary.map((text) => parseVary(text, names)), seed: 0 },
    ...more,
  };
}

describe('the plan of a sweep', () => {
  const planned = (...args: Parameters<typeof options>) =>
    sweepStudy
      .plan(options(...args))
      .map((c) => [c.attack, c.poisonRate, ...c.attackOption, c.model, c.seed].join(' '));

  it('is the grid for every attack, seed by seed', () => {
    expect(planned('blend:mask=m.npy', ['alpha=0.1,0.2', 'poison-rate=0.05,0.1'], { seeds: [0, 1] })).toEqual(
      [0, 1].flatMap((seed) =>
        [0.1, 0.2].flatMap((alpha) =>
          [0.05, 0.1].map((rate) => `blend ${rate} mask=m.npy alpha=${alpha} resnet18 ${seed}`),
        ),
      ),
    );
  });

  it('leaves out what an attack does not have, and the rate of none, and makes the same run once', () => {
    expect(planned('none,badnets,blend,sig', ['alpha=0.1,0.2', 'model=resnet10,vit'])).toEqual([
      ...['resnet10', 'vit'].map((m) => `none 0.1 ${m} 0`),
      ...['resnet10', 'vit'].map((m) => `badnets 0.1 ${m} 0`),
      ...[0.1, 0.2].flatMap((a) => ['resnet10', 'vit'].map((m) => `blend 0.1 alpha=${a} ${m} 0`)),
      // The rate of a clean-label attack is a share of the target class.
      ...['resnet10', 'vit'].map((m) => `sig 0.5 ${m} 0`),
    ]);
    expect(planned('none,blend', ['poison-rate=0.05,0.2'])).toEqual([
      'none 0.1 resnet18 0',
      'blend 0.05 resnet18 0',
      'blend 0.2 resnet18 0',
    ]);
  });

  it('keeps the defaults that depend on a varied option', () => {
    const [sgd, adamw] = sweepStudy.plan(options('blend', ['optimizer=sgd,adamw']));
    expect([sgd.lr, adamw.lr]).toEqual([0.05, 0.001]);
    const [short, long] = sweepStudy.plan(options('blend', ['epochs=4,16']));
    expect([short.checkpoints!.at(-1), long.checkpoints!.at(-1)]).toEqual([4, 16]);
  });

  it.each<[string, string[], Partial<StudyOptions>, RegExp]>([
    ['blend', [], {}, /--vary: name at least one option/],
    ['blend', ['width=4,8'], { base: { width: 4 } }, /--vary width: --width gives it a fixed value/],
    ['blend', ['width=4,8'], { data: [parseData('shapes10?width=4')] }, /--vary width: --width/],
    ['blend@0.1', ['poison-rate=0.1,0.2'], {}, /--vary poison-rate: blend@0.1 gives/],
    ['blend:alpha=0.1', ['alpha=0.1,0.2'], {}, /--vary alpha: blend:alpha=0.1 gives/],
    ['blend', ['alpha=0.1', 'alpha=0.2'], {}, /--vary alpha: it is given twice/],
    ['blend', ['alpha=0.1,2'], {}, /option alpha is "2": a number from 0 to 1/],
    ['blend', ['width=0,4'], {}, /--width 0/],
    [
      'blend',
      ['alpha=0.1'],
      { data: [parseData('shapes10'), parseData('shapes10?width=4')] },
      /shapes10 is given twice/,
    ],
  ])('%s with %j is refused', (attacks, vary, more, message) => {
    expect(() => sweepStudy.plan(options(attacks, vary, more))).toThrow(message);
  });
});

describe('the frontier', () => {
  /** By its definition: no other point is as high in both and higher in one. */
  const byDefinition = (points: [number, number][]) =>
    points.flatMap(([x, y], i) => (points.some(([a, b]) => a >= x && b >= y && (a > x || b > y)) ? [] : [i]));

  it('is that of the definition, with ties and equal points', () => {
    const rng = new Rng(1, 'frontier');
    for (let round = 0; round < 300; round++) {
      const n = rng.int(30);
      // A coarse grid of values in half of the rounds makes ties.
      const value = () => (round % 2 ? rng.int(5) / 4 : rng.uniform());
      const points = Array.from({ length: n }, (): [number, number] => [value(), value()]);
      const found = frontierOf(points);
      expect([...found].sort((a, b) => a - b)).toEqual(byDefinition(points));
      for (let i = 1; i < found.length; i++)
        expect(points[found[i]][0]).toBeGreaterThanOrEqual(points[found[i - 1]][0]);
    }
  });
});

describe('the best trial', () => {
  const trial = (asr: number | null, score: number | null, accuracy = 0.9) => ({ asr, score, accuracy }) as Trial;
  it.each<[string, Trial[], number, 'score' | 'asr']>([
    ['highest S among those that succeed', [trial(1, 0.5), trial(0.9, 0.7), trial(0.89, 0.99)], 1, 'score'],
    ['ties by accuracy', [trial(1, 0.7, 0.8), trial(0.95, 0.7, 0.9)], 1, 'score'],
    ['no score is no success', [trial(1, null), trial(0.9, 0.2)], 1, 'score'],
    ['none succeeds: the highest ASR', [trial(0.5, 0.9), trial(0.8, 0.1), trial(0.7, 0.5)], 1, 'asr'],
    ['none succeeds, ties by accuracy', [trial(0.5, 0.9, 0.7), trial(0.5, 0.1, 0.8)], 1, 'asr'],
    ['those that succeed have no score', [trial(0.5, 0.9), trial(0.95, null)], 1, 'asr'],
    ['a clean model is no trial of an attack', [trial(null, 0.99), trial(0.3, 0.5)], 1, 'asr'],
  ])('%s', (_, trials, best, rule) => {
    expect(bestTrial(trials)).toEqual({ trial: trials[best], rule });
  });

  it('is none where nothing is attacked', () => {
    expect(bestTrial([trial(null, 0.9)])).toBeNull();
  });
});

describe('the report of a sweep', () => {
  const o = options('blend', ['alpha=0.1,0.2,0.4', 'poison-rate=0.05,0.1'], { seeds: [0, 1] });
  const runs = sweepStudy.plan(o).map(({ attackOption, poisonRate, seed }) => {
    const alpha = Number(attackOption[0].slice(6));
    const flow = shifted(-alpha, -alpha);
    return made({
      attack: 'blend',
      seed,
      asr: alpha + 5 * poisonRate + 0.05,
      flow,
      options: { attackOption, poisonRate },
    });
  });
  // Too few poisoned samples in the last trial.
  for (const run of runs.slice(5, 6).concat(runs.slice(11)))
    run.report.stealth = { ...run.report.stealth!, score: null, distance: null, p: null, reason: 'too few samples' };
  const report = sweepStudy.report({ runs, failed: [] }, o);
  type Data = {
    datasets: { trials: Trial[]; frontier: number[]; best: { trial: number; rule: string; command: string } }[];
  };

  it('has the means over seeds of every trial, and leaves out of the frontier what has no score', async () => {
    const { data } = await report;
    const [{ trials, frontier, best }] = (data as Data).datasets;
    expect(trials.map((t) => [t.values.alpha, t.values['poison-rate'], t.seeds.length])).toEqual(
      ['0.1', '0.2', '0.4'].flatMap((a) => ['0.05', '0.1'].map((r) => [a, r, 2])),
    );
    for (const [i, t] of trials.slice(0, 5).entries()) {
      const own = [runs[i], runs[i + 6]].map((r) => r.report.stealth!.score!);
      expect(t.score).toBeCloseTo(Math.sqrt(own[0] * own[1]), 10);
      expect(t.asr).toBeCloseTo(runs[i].result.asr!, 10);
      expect(t.interval![0] < t.score! && t.score! < t.interval![1]).toBe(true);
    }
    expect(trials[5]).toMatchObject({ score: null, interval: null, reason: 'too few samples', frontier: false });
    // ASR 0.35 … 0.95: the strong trigger alone reaches 0.7 with a score; the only one above 0.9 has none.
    expect(trials[5].asr).toBeCloseTo(0.95);
    expect(frontier).toEqual(trials.filter((t) => t.frontier).map((t) => t.trial));
    expect(best).toMatchObject({ trial: 6, rule: 'asr' });
    expect(best.command).toBe(
      'npx ibscope run --dataset shapes10 --attack blend --attack-option alpha=0.4 --epochs 12 --checkpoints 1,2,3,4,6,8,10,12 --out runs/best --seeds 0,1',
    );
    expect(JSON.stringify(data)).not.toContain('NaN');
  });

  it('says in words that the best trial does not meet the rule, and which trials have no score', async () => {
    const { lede, sections } = await report;
    expect(lede).toContain('It has the highest ASR, because no trial has an ASR of at least 0.9 and a score');
    const texts = sections[0].blocks.flatMap((b) => (b.kind === 'text' ? [b.text] : []));
    expect(texts[0]).toBe('Trial 6 has no score: too few samples.');
  });
});

describe('a sweep whose classes are too small for a null', () => {
  it('says how many images the smallest of them misses', async () => {
    const o = options('blend', ['alpha=0.1,0.2']);
    const runs = sweepStudy.plan(o).map(({ attackOption, seed }, i) => {
      const run = made({ attack: 'blend', seed, flow: shifted(-0.1, -0.1), options: { attackOption, nullSplits: 4 } });
      run.report.stealth = { ...run.report.stealth!, null: null, p: null };
      run.report.tooFewForNull = [180, 120][i];
      return run;
    });
    const { sections } = await sweepStudy.report({ runs, failed: [] }, o);
    const texts = sections[0].blocks.flatMap((b) => (b.kind === 'text' ? [b.text] : []));
    expect(texts).toContain(
      'Trials 1 and 2 have no p: a class has 120 clean samples, 80 fewer than a null needs, so there is no null; more samples give one.',
    );
  });
});

describe('parallel coordinates', () => {
  it('place numbers by value or its logarithm, and words at equal distances', () => {
    expect(placed({ name: 'x', values: [1, 3, null, 5] }).at).toEqual([0, 0.5, null, 1]);
    const log = placed({ name: 'x', values: [0.01, 0.1, 1], log: true });
    expect(log.at.map((v) => Number(v!.toFixed(6)))).toEqual([0, 0.5, 1]);
    expect(placed({ name: 'x', values: ['a', 'b', 'a', 'c'] }).at).toEqual([0, 0.5, 0, 1]);
    expect(placed({ name: 'x', values: [7, 7] }).at).toEqual([0.5, 0.5]);
  });

  it('write the ends of every axis, and no two ticks on each other', () => {
    const values = [0, 0.01, 0.5, 0.99, 1];
    expect(placed({ name: 'x', values }).ticks.map((t) => t.text)).toEqual(['0', '0.5', '1']);
    expect(placed({ name: 'x', values: Array.from({ length: 50 }, (_, i) => i) }).ticks.map((t) => t.text)).toEqual([
      '0',
      '24.5',
      '49',
    ]);
    expect(placed({ name: 'x', values: ['resnet18', 'resnet10'] }, 6).ticks.map((t) => t.text)).toEqual([
      'res…18',
      'res…10',
    ]);
  });

  it('draw a line per trial, the thick ones last', () => {
    const axes = [
      { name: 'alpha', values: [0.1, 0.2, 0.3] },
      { name: 'S', values: [0.9, 0.8, 0.7] },
    ];
    const lines = [true, false, false].map((strong, i) => ({ name: `trial ${i}`, strong }));
    const svg = parallelFigure(axes, lines, newDocument(), { width: 400 });
    const widths = [...svg.querySelectorAll('[data-part=line]')].map((g) => Number(g.getAttribute('stroke-width')));
    expect(widths).toHaveLength(3);
    expect(widths[2]).toBeGreaterThan(widths[1]);
  });
});

describe('what is said of the groups before the runs', () => {
  const sized = (poisonRate: number, size: number, samples?: number) => ({
    config: made({ attack: 'blend', seed: 0, options: { poisonRate } }).config,
    groups: { size, ...(samples ? { short: { group: '0/backdoor', samples, images: 4000 } } : {}) },
  });

  it('names rates with too few poisoned samples and the images they need, and the run that all groups are as small as', () => {
    expect(groupWords([sized(0.1, 110), sized(0.003, 110, 12), sized(0.003, 110, 12), sized(0.0255, 102)])).toEqual([
      'blend at poison rate 0.003 (2 runs): group 0/backdoor has 12 samples and a comparison needs 100, so there is no score; about 33400 training samples are enough',
      'shapes10: the groups of all runs have 102 samples, the most that blend at poison rate 0.0255 allows; other runs alone allow up to 110',
    ]);
  });

  it('is nothing where all groups have the size asked for', () => {
    expect(groupWords([sized(0.1, 110), sized(0.2, 110)])).toEqual([]);
  });
});
