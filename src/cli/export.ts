/** `ibscope export`: the numbers, figures and models of runs as files for other programs. */

import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { UserError, unknownWord } from '../base/errors.js';
import { csv } from '../formats/csv.js';
import { writeAtomic, writingTo } from '../formats/files.js';
import type { Exportable } from '../outputs/index.js';
import type { Exported } from '../outputs/model.js';
import { type FigureName, figures, modelFormats, type TableName, tables } from '../outputs/names.js';
import { runsAt } from '../runs/find.js';
import { examples, JSON_FLAG } from './options.js';

const formats = [...modelFormats, 'csv', 'json', 'parquet', 'latex', 'tensorboard', 'svg', 'png'] as const;
type Format = (typeof formats)[number];

/** The format of each ending of a file name; events have a folder, and a table for LaTeX ends in .tex. */
const ENDINGS: Record<string, Format> = {
  ...Object.fromEntries(formats.filter((f) => f !== 'latex' && f !== 'tensorboard').map((f) => [`.${f}`, f])),
  '.tex': 'latex',
};

/** Formats of a figure. */
const PICTURES: readonly Format[] = ['svg', 'png'];

interface Values {
  out: string;
  format?: string;
  epoch?: string;
  table?: string;
  figure?: string;
  width?: string;
  height?: string;
  json?: boolean;
}

export function addExport(program: Command) {
  program
    .command('export')
    .description('write the numbers, figures or model of runs as files for other programs')
    .argument(
      '<runs...>',
      'runs, or folders of runs, such as that of a study; a model or a figure needs exactly one run',
    )
    .requiredOption('--out <file>', 'path of the file; with --format tensorboard, of the folder')
    .addOption(
      new Option('--format <name>', `format: ${formats.join(', ')} (default from the ending of --out, else onnx)`),
    )
    .option('--table <name>', `with csv, json and parquet: ${tables.join(', ')} (default trajectories)`)
    .option('--figure <name>', `with svg and png: ${figures.join(', ')}`)
    .option('--width <n>', 'with svg and png: width in pixels; a png has twice as many (default 560)')
    .option('--height <n>', 'with svg and png: height in pixels, the legend included (default from the figure)')
    .option('--epoch <n>', 'with onnx and safetensors: checkpoint, one of the probed epochs (default the last)')
    .option(...JSON_FLAG)
    .addHelpText(
      'after',
      examples(
        [
          'npx ibscope export runs/blend --figure plane --out plane.svg',
          'npx ibscope export runs/blend --out trajectories.csv',
          'npx ibscope export runs --table scores --out scores.csv',
          'npx ibscope export runs/blend --format tensorboard --out events',
          'npx ibscope export runs/blend --out blend.onnx',
        ],
        'run',
      ),
    )
    .action(async (runs: string[], values: Values) => {
      const format = formatOf(values);
      refuseStray(format, values);
      const found = (await Promise.all(runs.map(runsAt))).flat();
      const done =
        format === 'onnx' || format === 'safetensors'
          ? await model(found, format, values)
          : await results(found, format, values);
      process.stdout.write(`${values.json ? JSON.stringify(done.document) : done.text}\n`);
    });
}

/** The format named, or that of the ending of `--out`; without an ending it is onnx. */
function formatOf({ format, out }: Values): Format {
  if (format === undefined) {
    const ending = extname(out).toLowerCase();
    if (ending === '') return 'onnx';
    if (ENDINGS[ending]) return ENDINGS[ending];
    const { message } = unknownWord('ending of --out', ending, Object.keys(ENDINGS));
    throw ending === '.pdf'
      ? new UserError(
          `${message.replace(/ Did you mean.*/, '')} Write .svg and convert it: rsvg-convert -f pdf FILE.svg -o FILE.pdf`,
        )
      : new UserError(message);
  }
  if (!(formats as readonly string[]).includes(format)) throw unknownWord('format', format, formats);
  return format as Format;
}

/** Refuses an option that the format does not have. */
function refuseStray(format: Format, values: Values) {
  const takes: [keyof Values, readonly Format[]][] = [
    ['epoch', modelFormats],
    ['table', ['csv', 'json', 'parquet']],
    ['figure', PICTURES],
    ['width', PICTURES],
    ['height', PICTURES],
  ];
  for (const [key, of] of takes)
    if (values[key] !== undefined && !of.includes(format))
      throw new UserError(
        `--${key} ${values[key]}: ${format} has no such option; ${of.join(', ')} ${of.length === 1 ? 'has' : 'have'}`,
      );
}

/** Runs that an error names at most. */
const MOST_NAMED = 6;

function one(runs: readonly string[], format: Format): string {
  if (runs.length === 1) return runs[0];
  const shown = runs.length > MOST_NAMED ? `${runs.slice(0, MOST_NAMED).join(', ')}, …` : runs.join(', ');
  throw new UserError(`export: ${format} needs exactly one run; there are ${runs.length}: ${shown}`);
}

async function model(runs: readonly string[], format: Exported['format'], { out, epoch }: Values) {
  if (epoch !== undefined && !/^\d+$/.test(epoch))
    throw new UserError(`--epoch ${epoch}: a number of an epoch is expected`);
  const { exportModel } = await import('../outputs/model.js');
  const done = await exportModel(one(runs, format), {
    out,
    format,
    epoch: epoch === undefined ? undefined : Number(epoch),
  });
  const text = `${done.out}: ${done.model} after epoch ${done.epoch}, for images of ${done.image.join('×')} (channels, height, width) in [0, 1]`;
  return { document: done, text };
}

async function results(paths: readonly string[], format: Format, values: Values) {
  const { out } = values;
  const table = values.table ?? 'trajectories';
  if (!(tables as readonly string[]).includes(table)) throw unknownWord('table', table, tables);
  if (PICTURES.includes(format)) one(paths, format);
  if (format !== 'tensorboard' && (await stat(out).catch(() => null))?.isDirectory())
    throw new UserError(`--out ${out}: it is a folder; name a file`);
  const outputs = await import('../outputs/index.js');
  const runs = await outputs.readExportable(paths);
  let said = `${runs.length} ${runs.length === 1 ? 'run' : 'runs'}`;
  await writingTo(out, async () => {
    if (format === 'tensorboard') return writeEvents(runs, out);
    if (format === 'latex') return writeAtomic(out, outputs.latex(runs));
    if (PICTURES.includes(format)) {
      const figure = figureOf(values.figure);
      said = figure;
      const draw = format === 'png' ? outputs.figurePng : outputs.figureFile;
      return writeAtomic(out, await draw(figure, runs[0], sizeOf(values)));
    }
    const rows = outputs.tableOf(table as TableName, runs);
    said = `${rows.length} rows of ${table}`;
    if (format === 'json') return writeAtomic(out, `${JSON.stringify(rows, null, 1)}\n`);
    if (rows.length === 0) throw new UserError(`--table ${table}: it has no rows yet`);
    if (format === 'csv') return writeAtomic(out, csv(rows));
    return writeAtomic(out, outputs.parquet(rows, Object.keys(rows[0])));
  });
  return { document: { out, format, runs: paths }, text: `${out}: ${said}` };
}

function figureOf(name: string | undefined): FigureName {
  if (name === undefined) throw new UserError(`--figure is needed: one of ${figures.join(', ')}`);
  if (!(figures as readonly string[]).includes(name)) throw unknownWord('figure', name, figures);
  return name as FigureName;
}

function sizeOf({ width = '560', height }: Values) {
  const pixels = (flag: string, text: string) => {
    const n = Number(text);
    if (!Number.isInteger(n) || n < 200 || n > 4000)
      throw new UserError(`--${flag} ${text}: whole numbers from 200 to 4000 are allowed`);
    return n;
  };
  return { width: pixels('width', width), ...(height === undefined ? {} : { height: pixels('height', height) }) };
}

/** Writes one folder per run, named after the run; the whole appears or nothing does. */
async function writeEvents(runs: readonly Exportable[], out: string): Promise<void> {
  if (await stat(out).catch(() => null)) throw new UserError(`--out ${out}: it exists already; choose another folder`);
  const { eventFile, tensorboard } = await import('../outputs/index.js');
  // Resolved, because `.` as a run and a slash at the end of `out` are allowed.
  const place = resolve(out);
  const beside = `${place}.${process.pid}.part`;
  const used = new Set<string>();
  try {
    for (const run of runs) {
      const own = basename(resolve(run.run)) || 'run';
      let name = own;
      for (let k = 2; used.has(name); k++) name = `${own}-${k}`;
      used.add(name);
      await writeAtomic(join(beside, name, eventFile(run)), tensorboard(run));
    }
    await mkdir(dirname(place), { recursive: true });
    await rename(beside, place);
  } catch (error) {
    await rm(beside, { recursive: true, force: true });
    throw error;
  }
}
