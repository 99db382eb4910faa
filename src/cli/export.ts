/** `ibscope export`: the numbers, figures and models of runs as files for other programs. */

import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { nearest, UserError, unknownWord } from '../base/errors.js';
import { csv } from '../formats/csv.js';
import { writeAtomic, writingTo } from '../formats/files.js';
import {
  eventFile,
  type FigureName,
  figureFile,
  figures,
  latex,
  parquet,
  readExportable,
  type TableName,
  tableOf,
  tables,
  tensorboard,
} from '../outputs/index.js';
import { type Exported, exportModel, modelFormats } from '../outputs/model.js';
import { JSON_FLAG } from './options.js';

const formats = [...modelFormats, 'csv', 'json', 'parquet', 'latex', 'tensorboard', 'svg'] as const;
type Format = (typeof formats)[number];

/** The format of each ending of a file name. */
const ENDINGS: Record<string, Format> = { '.tex': 'latex', ...Object.fromEntries(formats.map((f) => [`.${f}`, f])) };

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
    .argument('<runs...>', 'folders of runs; a model or a figure needs exactly one')
    .requiredOption('--out <file>', 'path of the file; with --format tensorboard, of the folder')
    .addOption(
      new Option('--format <name>', `format: ${formats.join(', ')} (default from the ending of --out, else onnx)`),
    )
    .option('--table <name>', `with csv, json and parquet: ${tables.join(', ')} (default trajectories)`)
    .option('--figure <name>', `with svg: ${figures.join(', ')}`)
    .option('--width <n>', 'with svg: width in pixels (default 560)')
    .option('--height <n>', 'with svg: height in pixels (default from the figure)')
    .option('--epoch <n>', 'with onnx and safetensors: checkpoint, one of the probed epochs (default the last)')
    .option(...JSON_FLAG)
    .addHelpText(
      'after',
      `
Examples:
  ibscope export runs/start/badnets --out badnets.onnx
  ibscope export runs/study/* --table scores --out scores.parquet
  ibscope export runs/mine --figure plane --out plane.svg
  ibscope export runs/a runs/b --format tensorboard --out events`,
    )
    .action(async (runs: string[], values: Values) => {
      const format = formatOf(values, runs.length);
      refuseStray(format, values);
      const done =
        format === 'onnx' || format === 'safetensors'
          ? await model(runs, format, values)
          : await results(runs, format, values);
      process.stdout.write(`${values.json ? JSON.stringify(done.document) : done.text}\n`);
    });
}

function formatOf({ format, out }: Values, runs: number): Format {
  if (format === undefined) {
    const ending = extname(out).toLowerCase();
    if (ENDINGS[ending]) return ENDINGS[ending];
    // The model of one run may have any other ending, unless it resembles one of another format.
    const near = ENDINGS[nearest(ending, Object.keys(ENDINGS)) ?? ''] ?? 'onnx';
    if (runs === 1 && (modelFormats as readonly Format[]).includes(near)) return 'onnx';
    throw unknownWord('ending of --out', ending, Object.keys(ENDINGS));
  }
  if (!(formats as readonly string[]).includes(format)) throw unknownWord('format', format, formats);
  return format as Format;
}

/** Refuses an option that the format does not have. */
function refuseStray(format: Format, values: Values) {
  const takes: [keyof Values, readonly Format[]][] = [
    ['epoch', modelFormats],
    ['table', ['csv', 'json', 'parquet']],
    ['figure', ['svg']],
    ['width', ['svg']],
    ['height', ['svg']],
  ];
  for (const [key, of] of takes)
    if (values[key] !== undefined && !of.includes(format))
      throw new UserError(
        `--${key} ${values[key]}: ${format} has no such option; ${of.join(', ')} ${of.length === 1 ? 'has' : 'have'}`,
      );
}

function one(runs: readonly string[], format: Format): string {
  if (runs.length > 1) throw new UserError(`export: ${format} needs exactly one run; ${runs.length} are given`);
  return runs[0];
}

async function model(runs: readonly string[], format: Exported['format'], { out, epoch }: Values) {
  if (epoch !== undefined && !/^\d+$/.test(epoch))
    throw new UserError(`--epoch ${epoch}: a number of an epoch is expected`);
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
  if (format === 'svg') one(paths, format);
  if (format !== 'tensorboard' && (await stat(out).catch(() => null))?.isDirectory())
    throw new UserError(`--out ${out}: it is a folder; name a file`);
  const runs = await readExportable(paths);
  let said = `${runs.length} ${runs.length === 1 ? 'run' : 'runs'}`;
  await writingTo(out, async () => {
    if (format === 'tensorboard') return writeEvents(runs, out);
    if (format === 'latex') return writeAtomic(out, latex(runs));
    if (format === 'svg') {
      said = values.figure ?? '';
      return writeAtomic(out, figureFile(figureOf(values.figure), runs[0], sizeOf(values)));
    }
    const rows = tableOf(table as TableName, runs);
    said = `${rows.length} rows of ${table}`;
    if (format === 'json') return writeAtomic(out, `${JSON.stringify(rows, null, 1)}\n`);
    if (rows.length === 0) throw new UserError(`--table ${table}: it has no rows yet`);
    if (format === 'csv') return writeAtomic(out, csv(rows));
    return writeAtomic(out, parquet(rows, Object.keys(rows[0])));
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
async function writeEvents(runs: Awaited<ReturnType<typeof readExportable>>, out: string): Promise<void> {
  if (await stat(out).catch(() => null)) throw new UserError(`--out ${out}: it exists already; choose another folder`);
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
