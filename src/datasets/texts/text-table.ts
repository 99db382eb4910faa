/**
 * Texts in CSV, TSV or JSONL files with a text and a label column: SST-2 of GLUE, AG News (no header: class, title, description), OLID, and files like them.
 */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../../base/errors.js';
import { readDelimited } from '../../formats/csv-read.js';
import { decodeText } from '../../formats/text.js';
import type { TextSource } from '../types.js';
import { datasetOf, type Labelled } from './splits.js';

/** Names of columns, the likeliest first. */
const TEXT = ['text', 'sentence', 'review', 'tweet', 'content', 'comment', 'description', 'document', 'utterance'];
const LABEL = ['label', 'labels', 'class', 'category', 'sentiment', 'subtask_a', 'target', 'topic', 'intent', 'y'];
const FILE = /\.(csv|tsv|jsonl|ndjson)$/i;

/** Rows with the names of their columns; without names where the first row is data. */
interface Table {
  columns: string[] | null;
  rows: string[][];
}

async function readTable(path: string): Promise<Table> {
  const text = decodeText(await readFile(path));
  const ending = FILE.exec(path)![1].toLowerCase();
  if (ending === 'jsonl' || ending === 'ndjson') return readLines(text, path);
  const rows = readDelimited(text, ending === 'tsv' ? '\t' : ',', path);
  if (rows.length === 0) throw new UserError(`${path}: it holds no rows`);
  const first = rows[0].map((name) => name.trim().toLowerCase());
  const isHead = find(first, LABEL) >= 0 || find(first, TEXT) >= 0;
  return isHead ? { columns: first, rows: rows.slice(1) } : { columns: null, rows };
}

function readLines(text: string, path: string): Table {
  const columns: string[] = [];
  const rows: string[][] = [];
  for (const [i, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    let record: unknown;
    try {
      record = JSON.parse(line);
    } catch {
      throw new UserError(`${path}: line ${i + 1} is not JSON`);
    }
    if (record === null || typeof record !== 'object' || Array.isArray(record))
      throw new UserError(`${path}: line ${i + 1} is not an object`);
    const row: string[] = [];
    for (const [key, value] of Object.entries(record)) {
      const name = key.toLowerCase();
      if (!columns.includes(name)) columns.push(name);
      row[columns.indexOf(name)] = typeof value === 'string' ? value : JSON.stringify(value);
    }
    rows.push(row);
  }
  return { columns, rows };
}

/** Place of the first of `wanted` among `columns`; −1 for none. */
const find = (columns: readonly string[], wanted: readonly string[]) =>
  columns.indexOf(wanted.find((name) => columns.includes(name)) ?? '');

async function labelled(path: string): Promise<Labelled> {
  const { columns, rows } = await readTable(path);
  if (rows.length === 0) throw new UserError(`${path}: it holds no rows`);
  if (!columns) return headless(rows, path);
  const text = find(columns, TEXT);
  const label = find(columns, LABEL);
  if (text < 0 || label < 0)
    throw new UserError(
      `${path}: its columns are ${columns.join(', ')}; a text column (${TEXT.join(', ')}) and a label column (${LABEL.join(', ')}) are needed`,
    );
  const short = rows.findIndex((row) => row[text] === undefined || row[label] === undefined);
  if (short >= 0)
    throw new UserError(`${path}: row ${short + 1} has no ${columns[rows[short][text] === undefined ? text : label]}`);
  return { texts: rows.map((r) => r[text]), labels: rows.map((r) => r[label].trim()) };
}

/** Without a header: a class number first, then the texts, as AG News has them; or a text and then a class. */
function headless(rows: string[][], path: string): Labelled {
  const isNumber = (cell: string | undefined) => cell !== undefined && /^\s*\d+\s*$/.test(cell);
  const width = rows[0].length;
  const uneven = rows.findIndex((r) => r.length !== width);
  if (uneven >= 0)
    throw new UserError(`${path}: row ${uneven + 1} has ${rows[uneven].length} columns, the first has ${width}`);
  if (width >= 2 && rows.every((r) => isNumber(r[0])))
    return { texts: rows.map((r) => r.slice(1).join(' ')), labels: rows.map((r) => r[0].trim()) };
  if (width === 2) return { texts: rows.map((r) => r[0]), labels: rows.map((r) => r[1].trim()) };
  throw new UserError(
    `${path}: it has no header with a text and a label column, and no class number in its first column`,
  );
}

export const textTable: TextSource = {
  name: 'text-table',
  summary: 'your texts in CSV, TSV or JSONL files, with a text and a label column',
  needsDir: true,
  async load(request) {
    const path = request.dataDir!;
    const found = await stat(path).catch(() => null);
    if (!found) throw new UserError(`${path}: no such file or folder`);
    if (!found.isDirectory()) {
      if (!FILE.test(path))
        throw new UserError(`${path}: a .csv, .tsv or .jsonl file is expected, or a folder with some`);
      return datasetOf('text-table', path, { train: await labelled(path), test: null }, request);
    }
    const files = (await readdir(path)).filter((name) => FILE.test(name)).sort();
    const of = (pattern: RegExp) => files.find((name) => pattern.test(name));
    const train = of(/(^|[-_.])train/i) ?? of(/training/i) ?? (files.length === 1 ? files[0] : undefined);
    if (train === undefined)
      throw new UserError(
        `${path}: it has ${files.join(', ') || 'no .csv, .tsv or .jsonl file'}; a file named train is needed`,
      );
    // The test files of GLUE have no labels, so its dev.tsv comes first.
    const test = of(/(^|[-_.])(dev|valid|validation)([-_.]|$)/i) ?? of(/(^|[-_.])test/i);
    const read = (name: string) => labelled(join(path, name));
    const dataset = await datasetOf(
      'text-table',
      path,
      { train: await read(train), test: test === undefined ? null : await read(test) },
      request,
    );
    const names = await classNames(path);
    return names && names.length === dataset.classes.length ? { ...dataset, classes: names } : dataset;
  },
};

/** The lines of `classes.txt`, which AG News has; null without it. */
async function classNames(path: string): Promise<string[] | null> {
  const text = await readFile(join(path, 'classes.txt'), 'utf8').catch(() => null);
  return text === null ? null : text.split(/\r?\n/).filter((line) => line.trim() !== '');
}
