/**
 * Texts in CSV, TSV, JSONL or Parquet files with a text and a label column: SST-2 of GLUE, AG News (no header: class, title, description), OLID, data sets of Hugging
 * Face, and files like them.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { nearest, UserError } from '../../base/errors.js';
import { readDelimited } from '../../formats/csv-read.js';
import { ParquetFile } from '../../formats/parquet.js';
import { decodeText } from '../../formats/text.js';
import { featuresOf, namesIn, shardsOf, TEST, trainPaths } from '../parquet.js';
import type { TextColumns } from '../types.js';
import type { Labelled, Splits } from './splits.js';

/** Names of columns, the likeliest first. */
const TEXT = ['text', 'sentence', 'review', 'tweet', 'content', 'comment', 'description', 'document', 'utterance'];
const LABEL = ['label', 'labels', 'class', 'category', 'sentiment', 'subtask_a', 'target', 'topic', 'intent', 'y'];
const FILE = /\.(csv|tsv|jsonl|ndjson|parquet)$/i;
const KINDS = '.csv, .tsv, .jsonl or .parquet file';

/** Rows with the names of their columns; without names where the first row is data. A cell is missing where a row lacks the column. */
interface Table {
  columns: string[] | null;
  rows: (string | undefined)[][];
}

async function readTable(path: string, wanted: TextColumns): Promise<Table> {
  if (/\.parquet$/i.test(path)) return readParquet(path);
  const text = decodeText(await readFile(path));
  const ending = FILE.exec(path)![1].toLowerCase();
  if (ending === 'jsonl' || ending === 'ndjson') return readLines(text, path);
  const rows = readDelimited(text, ending === 'tsv' ? '\t' : ',', path);
  if (rows.length === 0) throw new UserError(`${path}: it holds no rows`);
  const first = rows[0].map((name) => name.trim().toLowerCase());
  const isHead =
    wanted.text !== undefined || wanted.label !== undefined || find(first, LABEL) >= 0 || find(first, TEXT) >= 0;
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

/** The texts and whole numbers of a Parquet file; numbers of named classes become their names. */
async function readParquet(path: string): Promise<Table> {
  const file = await ParquetFile.open(path);
  const features = featuresOf(file);
  const read = file.columns.filter(({ kind }) => kind === 'text' || kind === 'bytes' || kind === 'integer');
  const rows: (string | undefined)[][] = [];
  for (const g of file.groups.keys()) {
    const columns = await Promise.all(
      read.map(async ({ name }) => {
        const names = namesIn(features[name]);
        return (await file.read(name, g)).map((value) => cellOf(value, names));
      }),
    );
    for (let i = 0; i < file.groups[g]; i++) rows.push(columns.map((column) => column[i]));
  }
  return { columns: read.map(({ name }) => name.toLowerCase()), rows };
}

function cellOf(value: unknown, names: string[] | null): string | undefined {
  if (value === null || value === undefined) return undefined;
  if (value instanceof Uint8Array) return new TextDecoder().decode(value);
  return names?.[Number(value)] ?? String(value);
}

/** Place of the first of `wanted` among `columns`; −1 for none. */
const find = (columns: readonly string[], wanted: readonly string[]) =>
  columns.indexOf(wanted.find((name) => columns.includes(name)) ?? '');

/** Place of the column that a user names, else of the first with a usual name. */
function placeOf(
  columns: readonly string[],
  option: string,
  named: string | undefined,
  usual: readonly string[],
): number {
  if (named === undefined) return find(columns, usual);
  const at = columns.indexOf(named.trim().toLowerCase());
  const near = nearest(named, columns);
  if (at < 0)
    throw new UserError(
      `${option} ${named}: the columns are ${columns.join(', ')}${near ? `. Did you mean "${near}"?` : ''}`,
    );
  return at;
}

async function labelled(path: string, wanted: TextColumns): Promise<Labelled> {
  const { columns, rows } = await readTable(path, wanted);
  if (rows.length === 0) throw new UserError(`${path}: it holds no rows`);
  const records = rows.map((_, i) => `${path}#${i + 1}`);
  if (!columns) return { ...headless(rows as string[][], path), records };
  const text = placeOf(columns, '--text-column', wanted.text, TEXT);
  const label = placeOf(columns, '--label-column', wanted.label, LABEL);
  if (text < 0 || label < 0)
    throw new UserError(
      `${path}: its columns are ${columns.join(', ')}; ${text < 0 ? 'none is called as a text column usually is' : 'none is called as a label column usually is'}: --text-column and --label-column name them`,
    );
  const short = rows.findIndex((row) => row[text] === undefined || row[label] === undefined);
  if (short >= 0)
    throw new UserError(`${path}: row ${short + 1} has no ${columns[rows[short][text] === undefined ? text : label]}`);
  return { texts: rows.map((r) => r[text]!), labels: rows.map((r) => r[label]!.trim()), records };
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

/** Whether a name is that of a table. */
export const isTable = (name: string): boolean => FILE.test(name);

/** The splits of a table. Throws `UserError` for a file that is not one, is damaged, or lacks a column. */
export async function tableSplits(path: string, columns: TextColumns): Promise<Splits> {
  if (!isTable(path)) throw new UserError(`${path}: a ${KINDS} is expected, or a folder`);
  return { train: await labelled(path, columns), test: null, classes: null };
}

/** The splits of a folder of tables: a file named train, and perhaps one named dev, validation or test; or shards of Parquet. */
export async function tablesSplits(path: string, columns: TextColumns): Promise<Splits> {
  const files = (await readdir(path)).filter(isTable).sort();
  if (files.length === 0 || files.some((name) => /\.parquet$/i.test(name))) return shardSplits(path, columns);
  const of = (pattern: RegExp) => files.find((name) => pattern.test(name));
  const train = of(/(^|[-_.])train/i) ?? of(/training/i) ?? (files.length === 1 ? files[0] : undefined);
  if (train === undefined) throw new UserError(`${path}: it has ${files.join(', ')}; a file named train is needed`);
  // The test files of GLUE have no labels, so its dev.tsv comes first.
  const test = of(/(^|[-_.])(dev|valid|validation)([-_.]|$)/i) ?? of(/(^|[-_.])test/i);
  const read = (name: string) => labelled(join(path, name), columns);
  return {
    train: await read(train),
    test: test === undefined ? null : await read(test),
    classes: await classNames(path),
  };
}

/** The splits of shards of Parquet. A test split whose labels are hidden (−1) is left out. */
async function shardSplits(path: string, columns: TextColumns): Promise<Splits> {
  const shards = await shardsOf(path);
  const read = async (paths: readonly string[]): Promise<Labelled> => {
    const parts = await Promise.all(paths.map((shard) => labelled(shard, columns)));
    const all = (key: 'texts' | 'labels') => parts.flatMap((part) => part[key]);
    return { texts: all('texts'), labels: all('labels'), records: parts.flatMap(({ records = [] }) => records) };
  };
  const train = await read(trainPaths(path, shards));
  for (const name of TEST) {
    const test = shards.has(name) ? await read(shards.get(name)!) : null;
    if (test?.labels.some((label) => label !== '-1')) return { train, test, classes: null };
  }
  return { train, test: null, classes: null };
}

/** The lines of `classes.txt`, which AG News has; null without it. */
async function classNames(path: string): Promise<string[] | null> {
  const text = await readFile(join(path, 'classes.txt'), 'utf8').catch(() => null);
  return text === null ? null : text.split(/\r?\n/).filter((line) => line.trim() !== '');
}
