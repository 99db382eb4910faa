/**
 * False alarms of `ibscope audit`: 300 clean sets of ordinary kinds, and 100 with what real sets have (label noise, a class of two
 * natural kinds, a watermark on some of a class's own images).
 *
 *   npm run -s bench -- clean-sets [--out DIR] [--images DIR] [--sets N] [--only A,B] [--keep DIR]
 *
 * `--images` is CIFAR-10 as an image folder; without it its sets are left out. `--sets` is the number of sets of the whole list that are
 * audited, from its start, and `--only` the kinds or data sets. Each audit has one thread, and as many run at a time as there are cores.
 * Rows are appended to `--out`/clean-sets.jsonl (default docs), and finished rows are reused. With `--keep`, trainings and the networks
 * that follow them stay in DIR, and all sets that are there are judged anew in seconds each: for a changed rule, after the file of rows
 * is removed. The rates are written to `--out`/clean-sets.md, with intervals by Clopper and Pearson.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { audit, LEVEL } from '../src/audit/index.js';
import { loadDataset } from '../src/datasets/index.js';
import { binomialInterval } from '../src/dynamics/binomial.js';
import { jobsOf } from '../src/execution/job.js';
import { cleanSet, type Kind, kinds } from './audit-sets.js';
import { keptIn } from './keep.js';
import { makeRows, readRows } from './rows.js';
import { spreadTable } from './spread.js';

const benchJobs = jobsOf<typeof import('./clean-sets.js')>(new URL(import.meta.url));

const DATASETS = ['shapes10', 'CIFAR-10', 'Fashion-MNIST'] as const;
type Name = (typeof DATASETS)[number];
const SIZES = [1000, 1500, 2000, 2500, 3000, 4000, 5000];
/** Plain sets are the most frequent ordinary kind. */
const ORDINARY: readonly Kind[] = ['plain', 'imbalanced', 'plain', 'near-duplicates', 'plain', 'rare'];
const SPECIAL: readonly Kind[] = kinds.slice(kinds.indexOf('label noise 1 %'));
/** Ordinary sets before each special one. */
const RATIO = 3;
const ALL = 400;

interface CleanJob {
  name: string;
  dataset: Name;
  kind: Kind;
  images: number;
  seed: number;
  dataDir?: string;
  keep?: string;
}

interface Row {
  name: string;
  dataset: Name;
  kind: Kind;
  images: number;
  seed: number;
  /** Nominal level of the rule. */
  level: number;
  /** Names of the flagged classes, and of those that are noted, with the reason. */
  flagged: string[];
  notes: string[];
  /** Smallest p of a class, and that of the set as a whole. */
  p: number;
  wholeSet: number;
  /** Values of `separation` and `two-sidedness` of every class: what the reference of clean classes is fitted to. */
  separation: number[];
  gain: number[];
  named: number;
  seconds: number;
}

const isSpecial = (kind: Kind) => SPECIAL.includes(kind);

/**
 * The list of sets: data sets in turn, sizes in turn, and one of the special kinds after every three ordinary ones. Special kinds shift
 * by one in each round, so that each of them is made of all data sets.
 */
function listed(images: string | undefined, keep: string | undefined): CleanJob[] {
  return Array.from({ length: ALL }, (_, k): CleanJob => {
    const dataset = DATASETS[k % DATASETS.length];
    const turn = Math.floor(k / (RATIO + 1));
    const special = k % (RATIO + 1) === RATIO;
    const shift = Math.floor(turn / SPECIAL.length) % DATASETS.length;
    const kind = special ? SPECIAL[(turn + shift) % SPECIAL.length] : ORDINARY[(k - turn) % ORDINARY.length];
    const size = SIZES[(k + turn) % SIZES.length];
    const dataDir = dataset === 'CIFAR-10' ? images : undefined;
    return { name: `${k} ${dataset} ${kind} ${size}`, dataset, kind, images: size, seed: k, dataDir, keep };
  }).filter((job) => job.dataset !== 'CIFAR-10' || images !== undefined);
}

/** One audit. Runs in a worker, on one thread. */
export async function one({ name, dataset, kind, images, seed, dataDir, keep }: CleanJob): Promise<Row> {
  const source = { shapes10: 'shapes10', 'CIFAR-10': 'folder', 'Fashion-MNIST': 'fashion-mnist' }[dataset];
  const loaded = await loadDataset(source, { dataDir, trainLimit: images, testLimit: 10, seed });
  const set = cleanSet(loaded.train, kind, seed);
  const classes = kind === 'two natural kinds' ? loaded.classes.slice(0, -1) : loaded.classes;
  const settings = { effort: 'normal', seed, threads: 1 } as const;
  const found = await audit({ set, classes }, { ...settings, ...keptIn(keep, name) });
  const of = (signal: 'separation' | 'two-sidedness') => found.classes.map((c) => c.evidence.values[signal]);
  return {
    ...{ name, dataset, kind, images: set.n, seed, level: LEVEL },
    flagged: found.classes.filter((c) => c.suspicious).map((c) => c.label),
    notes: found.classes.flatMap(({ label, note }) => (note ? [`${label}: ${note}`] : [])),
    p: Math.min(...found.classes.map((c) => c.p)),
    wholeSet: found.signals.wholeSet,
    separation: of('separation'),
    gain: of('two-sidedness'),
    named: found.suspicious.length,
    seconds: found.seconds,
  };
}

/** Share of the rows with some property, and its 95 % interval. */
function rate(rows: readonly Row[], has: (r: Row) => boolean): string {
  const hits = rows.filter(has).length;
  const [low, high] = binomialInterval(hits, rows.length, 0.05).map((v) => (100 * v).toFixed(1));
  return `${hits} of ${rows.length} (${low} … ${high} %)`;
}

/** Sets with a note, of those of a kind and a data set; empty without special kinds. */
function noteTable(rows: readonly Row[]): string[] {
  const some = rows.filter((r) => isSpecial(r.kind));
  if (some.length === 0) return [];
  return [
    `| sets with a note | ${DATASETS.join(' | ')} |`,
    `|---|${'---|'.repeat(DATASETS.length)}`,
    ...SPECIAL.filter((kind) => some.some((r) => r.kind === kind)).map((kind) => {
      const cells = DATASETS.map((dataset) => {
        const own = some.filter((r) => r.kind === kind && r.dataset === dataset);
        return `${own.filter((r) => r.notes.length > 0).length} of ${own.length}`;
      });
      return `| ${kind} | ${cells.join(' | ')} |`;
    }),
    '',
  ];
}

/** Rates of alarms and notes in Markdown, by kind and by data set. */
export function cleanTable(rows: readonly Row[]): string {
  const ordinary = rows.filter((r) => !isSpecial(r.kind));
  const groups: [string, readonly Row[]][] = [
    ['ordinary kinds', ordinary],
    ...DATASETS.map((d): [string, Row[]] => [`ordinary kinds of ${d}`, ordinary.filter((r) => r.dataset === d)]),
    ...[...new Set([...ORDINARY, ...SPECIAL])].map((k): [string, Row[]] => [k, rows.filter((r) => r.kind === k)]),
  ];
  const lines = groups
    .filter(([, some]) => some.length > 0)
    .map(
      ([title, some]) =>
        `| ${title} | ${rate(some, (r) => r.flagged.length > 0)} | ${rate(some, (r) => r.notes.length > 0)} |`,
    );
  const alarms = rows.filter((r) => r.flagged.length > 0);
  const noted = rows.filter((r) => r.notes.length > 0 && r.flagged.length === 0);
  return [
    '| clean sets | a class flagged (false alarm) | a class noted |',
    '|---|---|---|',
    ...lines,
    '',
    ...noteTable(rows),
    ...alarms.map((r) => `- ${r.name}: ${r.flagged.join(', ')} flagged, ${r.named} samples named`),
    ...noted.map((r) => `- ${r.name}: noted ${r.notes.join(', ')}`),
    '',
    ...spreadTable(ordinary.filter((r) => !['imbalanced', 'rare'].includes(r.kind))),
  ].join('\n');
}

export async function main(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      out: { type: 'string', default: 'docs' },
      images: { type: 'string' },
      sets: { type: 'string', default: String(ALL) },
      only: { type: 'string' },
      keep: { type: 'string' },
    },
  });
  for (const folder of [values.out, values.keep]) if (folder !== undefined) mkdirSync(folder, { recursive: true });
  const file = join(values.out, 'clean-sets.jsonl');
  const read = () => readRows<Row>(file);
  const only = values.only?.split(',');
  const known = new Set(read().map((r) => r.name));
  const open = listed(values.images, values.keep)
    .slice(0, Number(values.sets))
    .filter(({ name, kind, dataset }) => {
      const isAsked = !only || only.some((o) => kind.startsWith(o) || dataset === o);
      return isAsked && !known.has(name);
    });
  await makeRows(
    file,
    open,
    benchJobs('one'),
    'sets',
    (row) =>
      `${row.name}: p ${row.p.toExponential(1)}, flagged ${row.flagged.length}, noted ${row.notes.length}, ${row.seconds.toFixed(0)} s`,
  );
  const head =
    '# Clean sets\n\n`npm run -s bench -- clean-sets --images CIFAR` makes this table; [audit.md](audit.md) explains it. Intervals: 95 %, Clopper and Pearson.\n\n';
  const text = cleanTable(read());
  writeFileSync(join(values.out, 'clean-sets.md'), `${head}${text}\n`);
  console.log(text);
}
