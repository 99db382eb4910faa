/**
 * Estimators on pairs of real images whose mutual information is known (`src/information/tasks/image-pairs.ts`), written as a table into
 * `docs/estimators-image-pairs.md`. `npm run -s bench -- image-pairs [--images DIR] [--seeds N] [--pairs N]`
 *
 * `--images` is CIFAR-10 as an image folder; without it only shapes10 is measured. `--pairs`: cells of so many pairs alone. Finished rows are in
 * `docs/estimators-image-pairs.jsonl`, and a later call computes only those that are missing.
 */
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { UserError } from '../src/base/errors.js';
import { ProgressLine } from '../src/cli/progress.js';
import { readLabelled } from '../src/datasets/folder.js';
import { shapes10 } from '../src/datasets/shapes10.js';
import { mean } from '../src/dynamics/index.js';
import { allNames, classicalNames, type Estimate, estimator, type Samples } from '../src/information/index.js';
import {
  channelInformation,
  type ImagePairs,
  imagePairsTask,
  type LabelledImages,
} from '../src/information/tasks/image-pairs.js';

const ROWS = 'docs/estimators-image-pairs.jsonl';
const PAGE = 'docs/estimators-image-pairs.md';

/** The counting estimator on U and V themselves: what the sample says about the truth. */
const COUNTED = 'plugin on U, V';
/** Estimators that need no law of the noise; `mixed` is `gao` here, as both variables are continuous. */
const ESTIMATORS = allNames.filter((name) => name !== 'pairwise' && name !== 'resolved');
/** One critic and one estimator by neighbours first. */
const ORDER = [...new Set([COUNTED, 'infonce', 'ksg', 'cca', ...ESTIMATORS])];
/** Pairs up to which estimators without a critic run: their time grows with the square of the pairs times the columns. */
const FEW = 500;

/** Crossover and number of pairs, in the order in which they are measured; the words have one bit. */
const SETTINGS = [
  [0, 2000],
  [0.1, 2000],
  [0.5, 2000],
  [0, 500],
  [0.1, 500],
  [0.5, 500],
] as const;

/** Names of the two classes that stand for 0 and 1, by data set. */
const CLASSES = { 'CIFAR-10': ['airplane', 'frog'], shapes10: ['disk', 'stripes'] } as const;
/** Images of shapes10 drawn: of each class a tenth, enough for 2 000 pairs. */
const DRAWN = 22_500;
type Images = keyof typeof CLASSES;

interface Row {
  images: Images;
  crossover: number;
  n: number;
  seed: number;
  estimator: string;
  /** Null where the estimator has no answer; `refused` then says why. */
  nats: number | null;
  standardError: number | null;
  /** Critics: the objective on the pairs trained on. */
  trainNats: number | null;
  seconds: number;
  warnings: string[];
  refused: string | null;
}

type Cell = Pick<Row, 'images' | 'crossover' | 'n' | 'seed' | 'estimator'>;
const keyOf = ({ images, crossover, n, seed, estimator }: Cell) => [images, crossover, n, seed, estimator].join(' ');

const readRows = (): Row[] =>
  existsSync(ROWS)
    ? readFileSync(ROWS, 'utf8')
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line))
    : [];

/** The words of bits as samples of one discrete variable of `bits` columns. */
const words = (bits: Uint8Array, n: number): Samples => ({
  data: Float64Array.from(bits),
  n,
  d: bits.length / n,
  discrete: true,
});

/** One estimator on one sample. */
async function measure(cell: Cell, { a, b, u, v }: ImagePairs): Promise<Row> {
  const started = performance.now();
  const row = (found: Estimate | null, refused: string | null): Row => ({
    ...cell,
    nats: found?.nats ?? null,
    standardError: found?.standardError ?? null,
    trainNats: found?.trainNats ?? null,
    seconds: Number(((performance.now() - started) / 1000).toFixed(2)),
    warnings: found?.warnings ?? [],
    refused,
  });
  try {
    const { n, seed } = cell;
    if (cell.estimator === COUNTED)
      return row(await estimator('plugin').estimate(words(u, n), words(v, n), { seed }), null);
    return row(await estimator(cell.estimator).estimate(a, b, { seed }), null);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return row(null, error.message);
  }
}

/** Cells of the whole grid, seed by seed and in it estimator by estimator: what is finished after any time is a smaller whole grid. */
function grid(images: readonly Images[], seeds: number): Cell[] {
  const of = (seed: number, estimator: string) =>
    SETTINGS.flatMap(([crossover, n]) => images.map((set) => ({ images: set, crossover, n, seed, estimator })));
  return Array.from({ length: seeds }, (_, seed) =>
    ORDER.flatMap((name) => of(seed, name).filter(({ n }) => n <= FEW || !(classicalNames as string[]).includes(name))),
  ).flat();
}

/** The two classes' places in each set, and the sets, read once when the first cell needs them. */
function reader(folder: string | undefined) {
  const read = new Map<Images, Promise<{ set: LabelledImages; classes: [number, number] }>>();
  const load = async (images: Images) => {
    const { classes, set } =
      images === 'shapes10'
        ? await shapes10.load({ seed: 0, trainLimit: DRAWN }).then(({ classes, train }) => ({ classes, set: train }))
        : await readLabelled(folder!);
    const [zero, one] = CLASSES[images].map((name) => classes.indexOf(name));
    if (zero < 0 || one < 0) throw new UserError(`${folder}: needs the classes ${CLASSES[images].join(' and ')}`);
    return { set, classes: [zero, one] as [number, number] };
  };
  return (images: Images) => {
    if (!read.has(images)) read.set(images, load(images));
    return read.get(images)!;
  };
}

/** Mean over seeds, and the least and largest where there are several; of a single seed the standard error. */
function shown(rows: readonly Row[]): string {
  if (rows.length === 0) return '';
  const nats = rows.flatMap((row) => row.nats ?? []);
  if (nats.length === 0) return 'refused';
  if (nats.length === 1) return `${nats[0].toFixed(3)} ± ${rows[0].standardError!.toFixed(3)}`;
  return `${mean(nats).toFixed(3)} (${Math.min(...nats).toFixed(3)} to ${Math.max(...nats).toFixed(3)})`;
}

/** The page: one row per data set, crossover and number of pairs; one column per estimator. */
export function page(rows: readonly Row[]): string {
  const answering = ESTIMATORS.filter((name) => rows.some((row) => row.estimator === name && row.nats !== null));
  const refused = new Map(rows.flatMap((row) => (row.refused === null ? [] : [[row.estimator, row.refused]])));
  const columns = [COUNTED, ...answering];
  const order = [...SETTINGS].sort((a, b) => a[1] - b[1] || b[0] - a[0]);
  const lines = (Object.keys(CLASSES) as Images[]).flatMap((images) =>
    order.flatMap(([crossover, n]) => {
      const of = rows.filter((r) => r.images === images && r.crossover === crossover && r.n === n);
      if (of.length === 0) return [];
      const cells = columns.map((name) => shown(of.filter((row) => row.estimator === name)));
      const seeds = new Set(of.map((row) => row.seed)).size;
      const truth = channelInformation(1, crossover).toFixed(3);
      return [`| ${images} | ${crossover} | ${n} | ${seeds} | ${truth} | ${cells.join(' | ')} |`];
    }),
  );
  const pairs = Object.entries(CLASSES).map(([images, [zero, one]]) => `${zero} and ${one} (${images})`);
  return [
    '# Estimators on image pairs with a known answer',
    '',
    '`npm run -s bench -- image-pairs --images DIR` writes this page; DIR is CIFAR-10 as an image folder. What the table shows is in',
    '[estimators.md](estimators.md); finished rows are in `estimators-image-pairs.jsonl`.',
    '',
    'X and Y are images of 32 × 32 × 3 pixels in 0 … 1. Their classes are a fair bit before and after a binary symmetric channel that flips it',
    `with probability p. The classes are ${pairs.join(', ')}. \`truth\` is ln 2 − h(p) in nats. Every image is used once.`,
    '',
    'A cell is one estimate ± its own standard error, in nats, or the mean over seeds with the least and the largest value. An empty cell was',
    `not measured: estimators without a critic run up to ${FEW} pairs.`,
    '',
    `| images | p | pairs | seeds | truth | ${columns.join(' | ')} |`,
    `|---|---|---|---|---|${columns.map(() => '---|').join('')}`,
    ...lines,
    '',
    ...(refused.size === 0
      ? []
      : ['No value:', '', ...[...refused].map(([name, why]) => `- \`${name}\`: ${why}.`), '']),
  ].join('\n');
}

export async function main(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: { images: { type: 'string' }, seeds: { type: 'string', default: '1' }, pairs: { type: 'string' } },
  });
  const images = (Object.keys(CLASSES) as Images[]).filter(
    (name) => name === 'shapes10' || values.images !== undefined,
  );
  const rows = readRows();
  const finished = new Set(rows.map(keyOf));
  const asked = (cell: Cell) => values.pairs === undefined || cell.n === Number(values.pairs);
  const open = grid(images, Number(values.seeds)).filter((cell) => asked(cell) && !finished.has(keyOf(cell)));
  const read = reader(values.images);
  const line = new ProgressLine();
  for (const [done, cell] of open.entries()) {
    const { set, classes } = await read(cell.images);
    const { crossover, n, seed } = cell;
    const row = await measure(cell, imagePairsTask(set, { bits: 1, crossover, classes }).sample(n, seed));
    rows.push(row);
    appendFileSync(ROWS, `${JSON.stringify(row)}\n`);
    writeFileSync(PAGE, page(rows));
    line.update({ phase: 'runs', stage: keyOf(cell), done: done + 1, total: open.length, unit: 'estimates' });
  }
  line.clear();
  writeFileSync(PAGE, page(rows));
  console.log(`${PAGE}: ${rows.length} estimates`);
}
