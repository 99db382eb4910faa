/** Rows of a study: what the findings need is in them, and the file grows by whole lines whatever happens. */
import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { mean } from '../../src/dynamics/index.js';
import { findings } from '../../src/findings/paper.js';
import { settings } from '../../src/findings/settings.js';
import type { StudyRun } from '../../src/findings/types.js';
import type { RunDocument } from '../../src/runs/documents.js';
import { attacksReport } from '../../src/studies/attacks-report.js';
import { detectionReport } from '../../src/studies/detection/report.js';
import { detectionRow } from '../../src/studies/detection/row.js';
import { runOfRow, runsOfRows } from '../../src/studies/from-rows.js';
import { openRows, type StudyRow, studyRow } from '../../src/studies/rows.js';
import { clean, judged, made, overSeeds, shifted } from './made.js';

const box = mkdtempSync(join(tmpdir(), 'ibscope-rows-'));
afterAll(() => rmSync(box, { recursive: true, force: true }));

const document = { version: '9.9.9', dataHash: 'ab12', classes: ['a', 'b'] } as RunDocument;
const rowOf = (run: StudyRun) => studyRow(run, document);
const text = (run: StudyRun) => JSON.stringify(rowOf(run));

/** A run as a reader of the file has it: from the row alone. */
const reread = (line: string) => runOfRow(JSON.parse(line) as StudyRow);

describe('a row', () => {
  const runs = [
    ...overSeeds({ attack: 'none' }),
    ...overSeeds({ attack: 'badnets', flow: shifted(-0.1, -0.1), psnr: 30 }),
    ...overSeeds({ attack: 'blend', flow: shifted(-0.4, -0.6), psnr: 25 }),
    ...overSeeds({ attack: 'wanet', flow: shifted(0.5, 0.4), psnr: 22 }),
    ...overSeeds({ attack: 'adaptive-blend', flow: shifted(-0.3, -0.02), authors: shifted(-0.1, 0) }),
  ];

  it('gives every finding the verdict that the run gives it', () => {
    const verdicts = (from: readonly StudyRun[]) =>
      settings(from).flatMap((s) => findings(s).map((f) => [f.claim, f.verdict]));
    const own = verdicts(runs);
    expect(new Set(own.map(([, verdict]) => verdict)).size).toBeGreaterThan(1);
    expect(verdicts(runs.map((r) => reread(text(r))))).toEqual(own);
  });

  it('has the score with its null, and curves at their checkpoints', () => {
    const run = runs[4];
    const { stealth, epochs, curves, stepsPerEpoch } = rowOf(run);
    const s = run.report.stealth!;
    expect(stealth.score).toBeCloseTo(s.score!, 5);
    expect(stepsPerEpoch).toBe(run.report.stepsPerEpoch ?? null);
    expect(epochs).toEqual([1, 2, 3, 4, 6, 8, 10, 12]);
    const at = run.report.information.find((r) => r.group === '0/clean' && r.quantity === 'I(X;T)' && r.epoch === 6)!;
    expect(curves['I(X;T)']!.nats['0/clean'][4]).toBeCloseTo(at.nats, 3);
    expect(curves['I(X;T)']!.standardErrors['0/clean'][4]).toBeCloseTo(at.standardError, 3);
    expect(Math.abs(clean(6)[0] - at.nats)).toBeLessThan(0.2);
    // Halves of clean classes: I(T;Ŷ) alone.
    expect(curves['I(T;Ŷ)']!.nats['3/null-a0']).toHaveLength(8);
    expect(curves['I(X;T)']!.nats['3/null-a0']).toBeUndefined();
  });

  it('names no place on the machine, and no data folder, and is the same text each time', () => {
    const run = made({ attack: 'badnets', seed: 0 });
    const config = {
      ...run.config,
      dataset: 'folder',
      dataDir: '/home/anna/my-set',
      manifest: '/home/anna/manifest.json',
      attackOption: ['image=/home/anna/patch.png', 'alpha=0.2'],
    };
    const line = text({ ...run, config });
    expect(line).not.toContain('anna');
    const row = JSON.parse(line);
    expect(row).toMatchObject({ dataset: 'my-set', dataHash: 'ab12', version: '9.9.9' });
    expect(row.config).toMatchObject({ manifest: 'manifest.json', attackOption: ['image=patch.png', 'alpha=0.2'] });
    expect(Object.keys(row.config)).toEqual(Object.keys(row.config).sort());
    const shuffled = Object.fromEntries(Object.entries(config).reverse()) as typeof config;
    expect(text({ ...run, config: shuffled })).toBe(line);
  });

  it('of ten classes, four splits and sixteen checkpoints has under 20 kB', () => {
    const epochs = Array.from({ length: 16 }, (_, i) => i + 1);
    const run = made({ attack: 'badnets', seed: 0, epochs });
    const { information } = run.report;
    const more = [1, 2, 3].flatMap((split) =>
      information
        .filter((r) => r.group.includes('/null-'))
        .map((r) => ({ ...r, group: r.group.replace(/\d$/, `${split}`) })),
    );
    const line = text({ ...run, report: { ...run.report, information: [...information, ...more] } });
    expect(Object.keys(JSON.parse(line).curves['I(T;Ŷ)'].nats)).toHaveLength(12 + 9 * 4 * 2);
    expect(Buffer.byteLength(line)).toBeLessThan(20_000);
  });
});

describe('the report from rows', () => {
  const written = (name: string, rows: readonly object[]) => {
    const path = join(box, name);
    writeFileSync(path, rows.map((r) => `${JSON.stringify(r)}\n`).join(''));
    return path;
  };
  const kappa = { 'I(X;T)': 4, 'I(T;Ŷ)': 2 };
  const measured = (attack: string, seed: number, at = kappa) => {
    const row = rowOf(made({ attack, seed }));
    return { ...row, stealth: { ...row.stealth, kappa: at } };
  };

  it.each(['shapes10', 'fashion', 'cifar'])(
    'gives the findings on the committed page of %s their verdicts',
    async (name) => {
      const page = readFileSync(`docs/experiment-${name}.md`, 'utf8');
      const onPage = [...page.matchAll(/^\| ([^|]+) \| \*\*([a-z ]+)\*\* \|/gm)].map(([, claim, verdict]) => [
        claim,
        verdict,
      ]);
      expect(onPage.length).toBeGreaterThan(5);
      const runs = await runsOfRows([`docs/experiment-${name}.jsonl`]);
      expect(settings(runs).flatMap((s) => findings(s).map((f) => [f.claim, f.verdict]))).toEqual(onPage);
    },
  );

  it('has the figures and tables of the report from the runs themselves', () => {
    const auroc = (value: number) => ({
      epoch: 1,
      group: '0/all',
      quantity: 'I(X;T)',
      auroc: value,
      standardError: 0.1,
    });
    const places = [{ epoch: 1, silhouettes: { '0/backdoor': 0.2 }, place: { toTarget: 1.5, toSource: 1 } }];
    const runs = ['none', 'badnets'].flatMap((attack) =>
      overSeeds({ attack, flow: shifted(-0.4, -0.6) }).map((run) => ({
        ...run,
        report: { ...run.report, separation: [auroc(0.7)], representation: places },
      })),
    );
    const blocks = (from: StudyRun[]) =>
      attacksReport({ runs: from, failed: [] }).sections.flatMap((s) =>
        s.blocks.map((b) =>
          b.kind === 'figures' ? b.figures.map((f) => f.name) : b.kind === 'table' ? b.head : b.kind,
        ),
      );
    const own = blocks(runs);
    expect(own.flat()).toContain('shapes10-silhouette');
    expect(blocks(runs.map((r) => reread(text(r))))).toEqual(own);
  });

  it('of detectors is the report of the runs themselves, figures and all', async () => {
    const runs = ['none', 'badnets', 'blend', 'wanet'].flatMap((attack, i) =>
      overSeeds({ attack, flow: shifted(-0.2 * i, -0.3 * i) }).map(judged),
    );
    const path = written(
      'detectors',
      runs.map((run) => detectionRow(run, document)),
    );
    const [of, again] = [runs, await runsOfRows([path], 'detectors')].map((from) => {
      const { footer: _, ...report } = detectionReport({ runs: from, failed: [] });
      return JSON.stringify(report);
    });
    expect(of).toContain('S against the AUROC of AC');
    expect(again).toBe(of);
    await expect(runsOfRows([written('curves', [measured('none', 0)])], 'detectors')).rejects.toThrow(
      /line 1 is not a row of a run that detectors judged$/,
    );
  });

  it('of two rows of a run takes the later one', async () => {
    const row: StudyRow = JSON.parse(readFileSync('docs/experiment-shapes10.jsonl', 'utf8').split('\n')[0]);
    const [run, ...others] = await runsOfRows([written('twice', [row, { ...row, accuracy: 0.5 }])]);
    expect(others).toEqual([]);
    expect(run.result.accuracy).toBe(0.5);
    const { scores, mean: ofNull } = run.report.stealth!.null!;
    expect(mean(scores)).toBeCloseTo(ofNull, 4);
  });

  it.each([
    [
      'two values of κ',
      [measured('none', 0), measured('badnets', 0, { ...kappa, 'I(X;T)': 8 })],
      /badnets.*κ 8 and 2.*at 4 and 2/,
    ],
    [
      'a row of another study',
      [{ name: 'a', stealth: {}, detectors: [] }],
      /line 1 is not a row of a run with its curves/,
    ],
    ['nothing', [], /it has no rows/],
  ])('%s: refused in one line', async (name, rows, why) => {
    const path = written(name.replaceAll(' ', '-'), rows);
    await expect(runsOfRows([path])).rejects.toThrow(why);
    await expect(runsOfRows([path])).rejects.toMatchObject({ name: 'UserError' });
  });

  it('a file that is not there is refused in one line', async () => {
    await expect(runsOfRows([join(box, 'none-such')])).rejects.toThrow(/^--from-rows .*: there is no such file$/);
  });
});

describe('the file of rows', () => {
  const rows = ['one', 'two', 'three'].map((name) => ({ ...rowOf(made({ attack: 'none', seed: 0 })), name }));
  const lines = rows.map((r) => `${JSON.stringify(r)}\n`);
  const file = (name: string, content?: string) => {
    const path = join(box, name);
    if (content !== undefined) writeFileSync(path, content);
    return path;
  };

  it('gets a row the moment it is added, and no run twice, also after it is opened again', async () => {
    const path = join(box, 'new', 'rows.jsonl');
    const add = await openRows(path);
    expect(existsSync(path)).toBe(false);
    add(rows[0]);
    expect(readFileSync(path, 'utf8')).toBe(lines[0]);
    add(rows[0]);
    add(rows[1]);
    const again = await openRows(path);
    for (const row of rows) again(row);
    expect(readFileSync(path, 'utf8')).toBe(lines.join(''));
  });

  it.each([1, 8, 9, 700])('drops a last line that was cut after %i bytes, and writes its run again', async (bytes) => {
    const path = file(`cut-${bytes}`, lines[0]);
    appendFileSync(path, Buffer.from(lines[1]).subarray(0, bytes));
    const add = await openRows(path);
    expect(readFileSync(path, 'utf8')).toBe(lines[0]);
    for (const row of rows) add(row);
    expect(readFileSync(path, 'utf8')).toBe(lines.join(''));
  });

  it('keeps a whole last line that lacks its end', async () => {
    const path = file('open', lines[0] + lines[1].trimEnd());
    const add = await openRows(path);
    for (const row of rows) add(row);
    expect(readFileSync(path, 'utf8')).toBe(lines.join(''));
  });

  it.each([
    ['notes', 'my notes', /notes: line 1 is not a row/],
    ['notes-with-lines', `${'x\n'.repeat(3)}`, /line 1 is not a row/],
    ['damaged', `${'{"name":"a"}\n{"name\n'}{"name":"b"}\n`, /line 2 is not a row/],
  ])('%s: refused, and left as it is', async (name, content, why) => {
    const path = file(name, content);
    await expect(openRows(path)).rejects.toThrow(why);
    expect(readFileSync(path, 'utf8')).toBe(content);
  });

  it('a folder in its place is refused in one line', async () => {
    mkdirSync(join(box, 'folder'));
    const error = await openRows(join(box, 'folder')).catch((e) => e);
    expect(error.name).toBe('UserError');
    expect(error.message).toMatch(/^--rows .*folder: no file can be written there/);
  });
});
