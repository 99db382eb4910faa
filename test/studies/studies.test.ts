/** Options of studies, and what their reports say of runs whose numbers are known. */
import { beforeAll, describe, expect, it } from 'vitest';
import { runName } from '../../src/config/names.js';
import { resolveConfig } from '../../src/config/resolve.js';
import { leadsOf } from '../../src/findings/acceleration.js';
import type { StudyRun } from '../../src/findings/types.js';
import {
  type Block,
  type Cell,
  intervalText,
  inUnit,
  renderStudy,
  type StudyReport,
  studyMarkdown,
} from '../../src/report/index.js';
import { grid } from '../../src/studies/grid.js';
import { studies } from '../../src/studies/index.js';
import { parseAttacks, parseData } from '../../src/studies/parse.js';
import { trajectoriesCsv } from '../../src/studies/write.js';
import { judged, made, shifted } from './made.js';

describe('a study’s options', () => {
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

describe('the report of a study', () => {
  const ATTACKS = ['none', 'badnets', 'blend', 'sig', 'relabel'];
  const RATES = [0.1, 0.2];
  const NOISES = [0.1, 0.4];
  const SEEDS = [0, 1];
  const runs: StudyRun[] = [];
  const reports = new Map<string, StudyReport>();

  beforeAll(async () => {
    for (const [i, attack] of ATTACKS.entries())
      for (const seed of SEEDS)
        for (const poisonRate of RATES)
          for (const noise of NOISES)
            runs.push(
              judged(made({ attack, seed, flow: shifted(-0.2 * i, -0.2 * i), options: { poisonRate, noise } })),
            );
    const options = { base: {}, data: [], attacks: [], rates: [], seeds: [], noises: [], models: [] };
    for (const study of studies)
      reports.set(study.name, await study.report({ runs, failed: [{ name: 'r', why: 'diverged' }] }, options));
  });

  const of = (name: string) => reports.get(name)!;
  const blocks = <K extends Block['kind']>(name: string, kind: K) =>
    of(name).sections.flatMap((s) => s.blocks.filter((b): b is Extract<Block, { kind: K }> => b.kind === kind));
  /** The tables of a report that have a column of this name. */
  const tables = (name: string, ...columns: string[]) =>
    blocks(name, 'table').filter((t) => columns.every((c) => t.head.includes(c)));
  const cell = (head: string[], row: Cell[], column: string) => row[head.indexOf(column)];
  const scores = (which: (r: StudyRun) => boolean) => runs.filter(which).map((r) => r.report.stealth!.score!);
  const mean = (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length;

  it.each(studies.map((s) => s.name))(
    '%s: a page that loads nothing, and the same as Markdown with its figures',
    async (name) => {
      const report = of(name);
      const page = await renderStudy(report);
      expect(page).not.toMatch(/(?:src|href)="(?:https?:)?\/\//);
      const { markdown, figures } = studyMarkdown(report, 'pictures');
      for (const text of [page, markdown]) {
        expect(text).not.toMatch(/NaN|undefined|\[object/);
        expect(text).toContain(report.title);
        expect(text).toContain('diverged');
      }
      const planned = blocks(name, 'figures').flatMap((b) => b.figures.map((f) => `${f.name}.svg`));
      expect(planned.length).toBeGreaterThan(0);
      const named = [...markdown.matchAll(/\]\(pictures\/([^)]+)\)/g)].map((m) => m[1]);
      expect(named).toEqual(planned);
      expect(new Set(figures.keys())).toEqual(new Set(planned));
      expect(new Set(planned).size).toBe(planned.length);
      for (const [file, svg] of figures) {
        expect(svg, file).toMatch(/^<svg xmlns=/);
        expect(svg, file).not.toContain('var(');
        expect(svg, file).not.toContain('NaN');
        // A picture without a mark shows nothing.
        expect(svg, file).toMatch(/<(path|circle|line|rect)[ >]/);
        // An attribute given twice makes the file unreadable.
        const names = [...svg.slice(0, svg.indexOf('>')).matchAll(/ ([\w:-]+)="/g)].map((m) => m[1]);
        expect(names.length, file).toBe(new Set(names).size);
      }
    },
  );

  it('attacks: one section a setting, with a trajectory a quantity and attack, and what the runs reach', () => {
    expect(of('attacks').sections.map((s) => s.title)).toEqual([
      'The findings side by side',
      'shapes10, noise 0.1',
      'shapes10, noise 0.4',
      'Runs that failed',
    ]);
    const names = blocks('attacks', 'figures').flatMap((b) => b.figures.map((f) => f.name));
    expect(names.filter((n) => /-(xt|ty)-/.test(n))).toHaveLength(2 * 2 * ATTACKS.length * RATES.length);
    const summaries = tables('attacks', 'ASR', 'PSNR, dB');
    expect(summaries).toHaveLength(2);
    const { head, rows } = summaries[0];
    expect(rows.map((r) => r[0])).toEqual(ATTACKS.flatMap((a) => [a, a]));
    for (const row of rows) {
      const poisonRate = rows.indexOf(row) % 2 === 0 ? 0.1 : 0.2;
      const own = scores(
        (r) => r.config.attack === row[0] && r.config.poisonRate === poisonRate && r.config.noise === 0.1,
      );
      expect(cell(head, row, 'runs')).toBe(2);
      // The mean is of D = −ln S.
      expect(Number(cell(head, row, 'S'))).toBeCloseTo(Math.exp(mean(own.map(Math.log))), 2);
      expect(cell(head, row, 'ASR')).toBe(row[0] === 'none' ? '–' : '1.000');
      expect(cell(head, row, 'PSNR, dB')).toBe('20.0');
    }
  });

  it('attacks: counts all four verdicts in its lede as they stand in its sections, and names what was not run', () => {
    const [first] = blocks('attacks', 'findings');
    const count = (verdict: string) => first.findings.filter((f) => f.verdict === verdict).length;
    expect(first.findings).toHaveLength(9);
    expect(of('attacks').lede).toContain(
      `Of 9 findings on shapes10, noise 0.1, ${count('reproduced')} are reproduced, ${count('not resolved')} not resolved at this scale, ${count('contradicted')} contradicted and 2 not run.`,
    );
    const open = first.findings.filter((f) => f.verdict === 'not run');
    expect(open.map((f) => f.evidence)).toEqual(Array(2).fill('adaptive-blend was not run.'));
  });

  it('attacks: shows every effect with its power, on the page and in Markdown', async () => {
    const effects = blocks('attacks', 'findings').flatMap((b) => b.findings.flatMap((f) => f.effects));
    expect(effects.length).toBeGreaterThan(10);
    const { markdown } = studyMarkdown(of('attacks'), 'pictures');
    const page = await renderStudy(of('attacks'));
    for (const text of [page, markdown])
      for (const word of ['smallest visible', 'smallest of interest', 'n needed']) expect(text).toContain(word);
    const [e] = effects;
    expect(markdown).toContain(
      `| ${intervalText(e)} | ${e.n} ${e.repeats} | ${inUnit(e.unit, e.seen)} | ${inUnit(e.unit, e.interest)} |`,
    );
  });

  it('attacks: the times of early acceleration are in steps, and every group has its phases or why not', () => {
    const [early] = tables('attacks', 'step, poisoned');
    const [run] = runs.filter((r) => r.config.attack === 'badnets');
    const [lead] = leadsOf({ label: 'badnets', config: run.config, runs: [run] }, 'I(X;T)');
    const steps = Number(cell(early.head, early.rows[0], 'step, clean classes'));
    // Of another seed too: both curves are the same but for noise.
    expect(steps).toBeGreaterThan(0.7 * 50 * lead.cleanEpoch);
    expect(steps).toBeLessThan(1.4 * 50 * lead.cleanEpoch);
    const [phases] = tables('attacks', 'phases', 'why not resolved');
    expect(phases.rows).toHaveLength(3 * ATTACKS.length * RATES.length);
    for (const row of phases.rows)
      expect(
        cell(phases.head, row, 'phases') !== 'not resolved' || cell(phases.head, row, 'why not resolved') !== null,
      ).toBe(true);
  });

  it.each([
    ['noise', 'γ', NOISES, 'noise'],
    ['poison-rate', 'poison rate', RATES, 'poisonRate'],
  ] as const)('%s: a row an attack and value, with the mean score of its runs', (name, column, values, key) => {
    const [table] = tables(name, column);
    const other = key === 'noise' ? ([RATES, 'poisonRate'] as const) : ([NOISES, 'noise'] as const);
    const rows = tables(name, column).flatMap((t) => t.rows);
    expect(rows).toHaveLength(ATTACKS.length * values.length * other[0].length);
    const blend = rows.filter((r) => String(r[0]).startsWith('blend'));
    expect(blend.map((r) => cell(table.head, r, column))).toEqual([...values, ...values]);
    const [first] = blend;
    const own = scores(({ config: c }) => c.attack === 'blend' && c[key] === values[0] && c[other[1]] === other[0][0]);
    expect(Number(cell(table.head, first, 'S'))).toBeCloseTo(mean(own), 3);
  });

  it('null: says of every clean seed whether it lies inside the range of its own classes', () => {
    const [table] = tables('null', 'seed', 'S lies');
    const first = runs.filter(
      (r) => r.config.attack === 'none' && r.config.noise === 0.1 && r.config.poisonRate === 0.1,
    );
    expect(table.rows).toHaveLength(first.length);
    first.forEach(({ report: { stealth } }, i) => {
      const { low, high } = stealth!.null!;
      const inside = stealth!.score! >= low && stealth!.score! <= high;
      expect(cell(table.head, table.rows[i], 'S lies')).toBe(inside ? 'inside' : 'outside');
    });
  });

  it('beta: agrees with itself at the reference, and sorts every choice by what it varies', () => {
    const [table] = tables('beta', 'varied', 'τ');
    const reference = table.rows.filter((r) => String(r[1]).startsWith('β = 1, window 1, infonce, layer4'));
    expect(reference.length).toBeGreaterThan(0);
    for (const row of reference) expect(cell(table.head, row, 'τ')).toBe('1.00');
    expect(new Set(table.rows.map((r) => r[0]))).toEqual(new Set(['β', 'convention', 'window', 'time axis']));
  });

  it('the table of trajectories has a line a run, group, quantity and checkpoint', () => {
    const lines = trajectoriesCsv(runs).trimEnd().split('\n');
    expect(lines[0]).toBe('run,seed,epoch,group,quantity,estimator,layer,nats,standardError');
    expect(lines.length - 1).toBe(runs.reduce((s, r) => s + r.report.information.length, 0));
    const [{ name, report }] = runs;
    const row = report.information.find((r) => r.group === '0/backdoor' && r.epoch === 4 && r.quantity === 'I(X;T)')!;
    expect(lines).toContain(`${name},0,4,0/backdoor,I(X;T),infonce,layer4,${row.nats},${row.standardError}`);
  });
});
