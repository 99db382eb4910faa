/** What runs are written as for other programs, read back by those programs' own definitions. */

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parquetReadObjects } from 'hyparquet';
import { parseHTML } from 'linkedom';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { csv } from '../../src/formats/csv.js';
import {
  crc32c,
  type Exportable,
  escapeLatex,
  figureFile,
  figurePng,
  figures,
  latex,
  parquet,
  readExportable,
  scalarsOf,
  tableOf,
  tables,
  tensorboard,
} from '../../src/outputs/index.js';
import { lightColours } from '../../src/report/style.js';
import { mixed } from '../../src/report/svg-file.js';
import { readCsv } from '../formats/read-csv.js';
import { hasPyarrow, hasPython, python, pythonFile } from '../python.js';
import { writeRun } from '../server/helpers.js';

let box: string;
let runs: Exportable[];
let lines: Record<string, unknown>[];

beforeAll(async () => {
  box = await mkdtemp(join(tmpdir(), 'ibscope-outputs-'));
  await writeRun(join(box, 'a'), { attack: 'blend', seed: 1 });
  await writeRun(join(box, 'b'), { attack: 'blend', seed: 2, offset: -0.1 });
  runs = await readExportable([join(box, 'a'), join(box, 'b')]);
  lines = (await Promise.all(['a', 'b'].map((n) => readFile(join(box, n, 'information.jsonl'), 'utf8')))).flatMap((t) =>
    t
      .trim()
      .split('\n')
      .map((l) => JSON.parse(l)),
  );
});
afterAll(() => rm(box, { recursive: true, force: true }));

/** Types of columns that are no floats. */
const TYPES: Record<string, string> = {
  ...Object.fromEntries(
    ['run', 'layer', 'group', 'role', 'quantity', 'estimator', 'attack', 'dataset', 'model', 'reason', 'kind'].map(
      (c) => [c, 'string'],
    ),
  ),
  ...Object.fromEntries(['epoch', 'epochs', 'samples', 'draws', 'seed', 'target', 'window'].map((c) => [c, 'int32'])),
  ...Object.fromEntries(
    ['nullDraws', 'start', 'end', 'startLow', 'startHigh', 'endLow', 'endHigh'].map((c) => [c, 'int32']),
  ),
  saturated: 'bool',
  converged: 'bool',
};

describe('tables', () => {
  it('of trajectories hold what the logs of all runs hold, as CSV and as Parquet, value by value', async () => {
    const rows = tableOf('trajectories', runs);
    expect(rows).toHaveLength(lines.length);
    const text = readCsv(csv(rows));
    const file = parquet(rows, Object.keys(rows[0]));
    const read = await parquetReadObjects({ file: file.buffer.slice(file.byteOffset) as ArrayBuffer });
    lines.forEach((line, i) => {
      for (const key of ['epoch', 'nats', 'standardError', 'samples', 'ceiling'] as const) {
        expect(Number(text[i][key])).toBe(line[key]);
        expect(read[i][key]).toBe(line[key]);
      }
      for (const key of ['group', 'quantity', 'estimator'] as const)
        expect([text[i][key], read[i][key]]).toEqual([line[key], line[key]]);
      expect(read[i].saturated).toBe(line.saturated);
      expect(read[i].run).toBe(join(box, i < lines.length / 2 ? 'a' : 'b'));
    });
    expect(new Set(rows.map((r) => r.role))).toContain('poisoned samples');
  });

  it.each(tables)('%s: the same columns in every row, no NaN, and Parquet gives back every value', async (name) => {
    const rows = tableOf(name, runs);
    const columns = Object.keys(rows[0]);
    for (const row of rows) {
      expect(Object.keys(row)).toEqual(columns);
      expect(Object.values(row).some((v) => typeof v === 'number' && !Number.isFinite(v))).toBe(false);
    }
    const file = parquet(rows, columns);
    const read = await parquetReadObjects({ file: file.buffer.slice(file.byteOffset) as ArrayBuffer });
    expect(read.map((r) => Object.fromEntries(columns.map((c) => [c, r[c] ?? null])))).toEqual(rows);
  });

  it.skipIf(!hasPyarrow).each(tables)(
    '%s: PyArrow reads the same, with types that do not depend on the values',
    async (name) => {
      const rows = tableOf(name, runs);
      const path = join(box, `${name}.parquet`);
      await writeFile(path, parquet(rows, Object.keys(rows[0])));
      const read = python(
        `import json, sys, pyarrow.parquet as p
t = p.read_table(sys.argv[1])
print(json.dumps([t.to_pylist(), {f.name: str(f.type) for f in t.schema}]))`,
        path,
      );
      const types = Object.fromEntries(Object.keys(rows[0]).map((c) => [c, TYPES[c] ?? 'double']));
      expect(read).toEqual([rows, types]);
    },
  );

  it('hold whole numbers that need 64 bits', async () => {
    const file = parquet([{ seed: 2 ** 40 + 1 }, { seed: null }], ['seed']);
    const read = await parquetReadObjects({ file: file.buffer.slice(file.byteOffset) as ArrayBuffer });
    expect(read.map((r) => r.seed ?? null)).toEqual([1099511627777n, null]);
  });
});

describe('LaTeX', () => {
  it('escapes every character that has a meaning', () => {
    expect(escapeLatex('50% of a_b & {c} #1 $x^2~\\<|>')).toBe(
      '50\\% of a\\_b \\& \\{c\\} \\#1 \\$x\\textasciicircum{}2\\textasciitilde{}\\textbackslash{}\\textless{}\\textbar{}\\textgreater{}',
    );
  });

  it('has one row for runs that differ in their seed alone: mean and standard deviation of their scores', () => {
    const text = latex(runs);
    const row = text.split('\n').filter((l) => l.includes('blend'));
    expect(row).toHaveLength(1);
    const [a, b] = runs.map((r) => r.report.stealth!.score!);
    const mean = (a + b) / 2;
    const sd = Math.sqrt((a - mean) ** 2 + (b - mean) ** 2);
    expect(row[0]).toContain(`$${mean.toFixed(3)} \\pm ${sd.toFixed(3)}$`);
    expect(row[0].split(' & ')).toHaveLength(10);
    for (const name of ['table', 'tabular'])
      expect(text.match(new RegExp(`\\\\(begin|end)\\{${name}\\}`, 'g'))).toHaveLength(2);
    expect(latex([runs[0]])).not.toContain('\\pm');
  });
});

describe('TensorBoard', () => {
  it('uses CRC-32C: of "123456789" it is E3069283', () => {
    expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283);
  });

  it('writes events that a reader of its own finds sound, with the values of the logs, and the same bytes again', async ({
    skip,
  }) => {
    if (!hasPython) skip('needs Python');
    const path = join(box, 'events');
    await writeFile(path, tensorboard(runs[0]));
    expect(tensorboard((await readExportable([join(box, 'a')]))[0])).toEqual(await readFile(path));
    const found = pythonFile(new URL('read_events.py', import.meta.url).pathname, path) as {
      version: string;
      scalars: [string, number, number][];
    };
    expect(found.version).toBe('brain.Event:2');
    const truth = [...scalarsOf(runs[0])].flatMap(([tag, points]) =>
      points.map(([epoch, v]) => [tag, epoch, Math.fround(v)]),
    );
    expect(found.scalars).toEqual(truth);
    const tags = new Set(found.scalars.map(([tag]) => tag));
    for (const tag of ['I(X;T) (nats)/0-backdoor', 'accuracy/asr', 'loss (nats)/trainLoss', 'stealth S'])
      expect(tags).toContain(tag);
    const first = lines.find((l) => l.group === '0/backdoor' && l.quantity === 'I(X;T)')!;
    expect(found.scalars.find(([tag]) => tag === 'I(X;T) (nats)/0-backdoor')).toEqual([
      'I(X;T) (nats)/0-backdoor',
      first.epoch,
      Math.fround(first.nats as number),
    ]);
  });
});

describe('figures', () => {
  it.each(figures)('%s stands on its own: a size, and no colour that only a browser could know', (name) => {
    const svg = figureFile(name, runs[0], { width: 500 });
    expect(svg).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg"[^>]* width="500"/);
    expect(svg).not.toMatch(/var\(|--[a-z]+|color-mix|currentColor|NaN|undefined/);
    expect(svg.match(/#[0-9a-f]{6}/gi)!.length).toBeGreaterThan(3);
  });

  it('hold their legend: each group that is drawn once, by its name and in its colour, inside the drawing', () => {
    const { document } = parseHTML(figureFile('plane', runs[0], { width: 500, height: 400 }));
    const svg = document.querySelector('svg')!;
    expect(['width', 'height', 'viewBox'].map((a) => svg.getAttribute(a))).toEqual(['500', '400', '0 0 500 400']);
    const legend = svg.querySelector('[data-part=legend]')!;
    const labels = [...legend.querySelectorAll('text')].map((t) => t.textContent);
    expect(labels.slice(0, 3)).toEqual([
      'poisoned samples',
      'clean samples of the target class',
      'half poisoned, half clean',
    ]);
    expect(labels).toContain('other classes');
    expect(labels.slice(-2)).toEqual(['epoch 1', expect.stringMatching(/^epoch /)]);
    expect(new Set(labels).size).toBe(labels.length);
    const stroke =
      legend.querySelector('svg path')!.getAttribute('stroke') ?? legend.querySelector('svg g')!.getAttribute('stroke');
    expect(stroke).toBe(lightColours['--backdoor']);
    expect(legend.getAttribute('text-anchor')).toBe('start');
    // Entries begin inside the drawing, below the axis.
    const [, x, y] = /translate\((.*),(.*)\)/.exec(legend.getAttribute('transform')!)!;
    for (const text of legend.querySelectorAll('text')) {
      expect(Number(x) + Number(text.getAttribute('x'))).toBeLessThan(500);
      expect(Number(y) + Number(text.getAttribute('y'))).toBeLessThan(400);
    }
  });

  it('as PNG have twice the pixels', async () => {
    const { format, width, height } = await sharp(
      await figurePng('phases', runs[0], { width: 400, height: 300 }),
    ).metadata();
    expect([format, width, height]).toEqual(['png', 800, 600]);
  });

  it('mix colours in OKLab as Chromium draws color-mix()', () => {
    expect(mixed('#0000ff', 0.5, '#ffffff')).toBe('#74a3ff');
    expect(mixed('#d1495b', 0.4, '#f2c14e')).toBe('#e79458');
    expect(mixed('#2b1d6b', 0.75, '#d1495b')).toBe('#512f6b');
    expect(mixed('#d1495b', 0, '#f2c14e')).toBe('#f2c14e');
  });
});
