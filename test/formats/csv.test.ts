/** The one writer of CSV, read back by Python's csv module and by a reader that follows the grammar of RFC 4180. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { StudyRun } from '../../src/findings/types.js';
import { csv } from '../../src/formats/csv.js';
import { trajectoriesCsv } from '../../src/studies/write.js';
import { hasPython, python } from '../python.js';
import { example } from '../report/example.js';
import { readCsv } from './read-csv.js';

const NAMES = [
  'a,b',
  'say "x"',
  'two\nlines',
  'carriage\r\nreturn',
  '"',
  ',',
  ' edge ',
  'Ŷ',
  '',
  "it's",
  '=1+1',
  '1e5',
];
const rows = NAMES.map((name, i) => ({ 'run, folder': name, seed: i, nats: i % 2 ? null : i / 3, saturated: i > 5 }));
const asText = rows.map((r) => ({
  'run, folder': r['run, folder'],
  seed: String(r.seed),
  nats: r.nats === null ? '' : String(r.nats),
  saturated: String(r.saturated),
}));

describe('CSV', () => {
  it('gives every name back, with commas, quotes and line breaks', () => {
    expect(readCsv(csv(rows))).toEqual(asText);
  });

  it.skipIf(!hasPython)('Python reads the same', () => {
    const folder = mkdtempSync(join(tmpdir(), 'ibscope-csv-'));
    writeFileSync(join(folder, 'rows.csv'), csv(rows));
    const script =
      'import csv, json, sys; print(json.dumps(list(csv.DictReader(open(sys.argv[1], newline="", encoding="utf-8")))))';
    expect(python(script, join(folder, 'rows.csv'))).toEqual(asText);
    rmSync(folder, { recursive: true });
  });

  it('has one line per row and no quotes where none are needed', () => {
    expect(
      csv([
        { a: 'x', b: 1.5 },
        { a: 'y', b: null },
      ]),
    ).toBe('a,b\nx,1.5\ny,\n');
  });

  it('takes the columns that are asked for, in their order, and their names where there are no rows', () => {
    expect(csv([{ a: 1, b: 2, c: 3 }], ['c', 'a'])).toBe('c,a\n3,1\n');
    expect(csv([], ['run', 'a,b'])).toBe('run,"a,b"\n');
    expect(csv([])).toBe('');
  });

  it('of the trajectories of a study keeps the names of runs', () => {
    const report = example();
    const run = {
      name: 'a,b',
      config: { seed: 7, layer: ['layer4'] },
      report,
      others: [],
      running: [],
    } as unknown as StudyRun;
    const read = readCsv(trajectoriesCsv([run]));
    expect(read).toHaveLength(report.information.length);
    for (const row of read) expect(row).toMatchObject({ run: 'a,b', seed: '7', layer: 'layer4' });
    const first = report.information[0];
    const same = read.find((r) => r.epoch === '1' && r.group === first.group && r.quantity === first.quantity)!;
    expect(Number(same.nats)).toBe(first.nats);
  });
});
