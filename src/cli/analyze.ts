/** `ibscope analyze` and `ibscope trace`: analyses the training of another program, and prints the recorder for it. */

import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { UserError } from '../base/errors.js';
import { toResume } from '../base/progress.js';
import { flagOf, requestOf } from '../config/flags.js';
import { type RunRequest, runOptions } from '../config/options.js';
import { resolveConfig } from '../config/resolve.js';
import { traceJsonSchema } from '../runs/trace.js';
import { traceJobs } from '../trace/job-of.js';
import type { AnalyzeJob } from '../trace/jobs.js';
import { ANALYSIS_OPTIONS, DATA_OPTIONS } from '../trace/options.js';
import { addRunOptions, defaultOut, examples, HEADINGS, JSON_FLAG } from './options.js';
import { runJob } from './run-job.js';
import { runTable, table } from './table.js';

const KEPT: readonly string[] = [...ANALYSIS_OPTIONS, ...DATA_OPTIONS];
const OTHERS = (Object.keys(runOptions.shape) as (keyof typeof runOptions.shape)[]).filter(
  (key) => !KEPT.includes(key),
);

export function addAnalyze(program: Command) {
  const command = program
    .command('analyze')
    .description('analyse a training of another program: estimates, phases, score and report')
    .argument('[trace]', 'folder of the trace (docs/trace.md); results are written into it')
    .addHelpText(
      'after',
      `
With --onnx and without --layer it lists the layers; with both it runs every checkpoint on the samples, records a trace and analyses it.
With a trace, only options of the analysis apply: ${ANALYSIS_OPTIONS.map(flagOf).join(', ')}.
${examples(
  [
    'npx ibscope analyze runs/blend --beta 2',
    'npx ibscope export runs/blend --out runs/epoch-8.onnx',
    'npx ibscope analyze --onnx runs/epoch-8.onnx --dataset shapes10 --train-limit 4000',
  ],
  'run',
)}`,
    );
  addRunOptions(command, OTHERS)
    .optionsGroup(HEADINGS.data)
    .option(
      '--onnx <files...>',
      'checkpoints in place of a trace: ONNX models, PyTorch state dicts of known networks (.pt, .pth), or a folder of them; their names say the epochs',
    )
    .option(
      '--epochs-from <regex>',
      'expression whose first group is the epoch in a file name; with --onnx (default: the number after epoch or step, or the only one in which the names differ)',
    )
    .option(
      '--layer <name>',
      'module or value whose output, averaged over space, is T; with --onnx (default: list the layers and stop)',
    )
    .option('--mean <values>', 'mean per channel, subtracted from images in [0, 1]; with --onnx (default 0)')
    .option('--std <values>', 'standard deviation per channel, by which images are divided; with --onnx (default 1)')
    .optionsGroup(HEADINGS.output)
    .option('--out <dir>', 'folder of the trace and its analysis; with --onnx (default runs/onnx-TIME)')
    .option('--follow', 'wait for further probes until the last epoch or Ctrl-C (default: analyse those that exist)')
    .option(...JSON_FLAG)
    .action(async (trace: string | undefined, values) => {
      const { layer, ...request } = requestOf(values);
      const only = (keys: readonly string[]): RunRequest =>
        Object.fromEntries(Object.entries(request).filter(([key]) => keys.includes(key)));
      const options = only(ANALYSIS_OPTIONS);
      const data = only(DATA_OPTIONS);
      const job = values.onnx ? await onnxJob(trace, values, options, data) : traceJob(trace, values, options, data);
      if (job === null) return;
      const result = await runJob(traceJobs('analyzeJob'), job, toResume());
      if (values.json) process.stdout.write(`${JSON.stringify(result)}\n`);
      else process.stdout.write(`${runTable([result])}\n\nreport: ${result.report}\n`);
    });
}

type Values = Record<string, unknown> & {
  onnx?: string[];
  epochsFrom?: string;
  layer?: string;
  out?: string;
  json?: boolean;
};

function traceJob(path: string | undefined, values: Values, options: RunRequest, data: RunRequest): AnalyzeJob {
  if (path === undefined) throw new UserError('analyze: name the folder of a trace, or ONNX checkpoints by --onnx');
  const stray = [
    ...Object.keys(data),
    ...['layer', 'mean', 'std', 'out', 'epochsFrom'].filter((key) => values[key] !== undefined),
  ][0];
  if (stray !== undefined) throw new UserError(`${flagOf(stray)}: only allowed with --onnx; a trace contains it`);
  // Invalid options are reported before the trace is read.
  resolveConfig({ ...options, attack: 'none' });
  return { path, options, follow: values.follow === true };
}

/** The job of an analysis of ONNX checkpoints. Without `--layer` it prints the layers and returns null. */
async function onnxJob(
  trace: string | undefined,
  values: Values,
  options: RunRequest,
  data: RunRequest,
): Promise<AnalyzeJob | null> {
  if (trace !== undefined) throw new UserError(`analyze ${trace}: give either a trace or --onnx, not both`);
  if (data.dataset === undefined)
    throw new UserError('--onnx: --dataset is needed too; it names the images that the checkpoints are run on');
  if (values.follow) throw new UserError('--follow: only allowed with a trace; ONNX checkpoints are read once');
  const numbers = (flag: 'mean' | 'std') => {
    const text = values[flag] as string | undefined;
    const list = text?.split(',').map((v) => (v.trim() === '' ? Number.NaN : Number(v)));
    if (list?.some((v) => !Number.isFinite(v) || (flag === 'std' && v <= 0)))
      throw new UserError(`--${flag} ${text}: a number per channel is expected, such as 0.49,0.48,0.45`);
    return list;
  };
  const [mean, std] = [numbers('mean') ?? [0], numbers('std') ?? [1]];
  for (const [flag, list] of [
    ['mean', mean],
    ['std', std],
  ] as const)
    if (list.some((v) => Math.abs(v) > 1))
      throw new UserError(
        `--${flag} ${list.join(',')}: images are in [0, 1]; of 255 these are ${list.map((v) => (v / 255).toFixed(4)).join(',')}`,
      );
  const normalization = values.mean === undefined && values.std === undefined ? null : { mean, std };
  const onnx = { files: values.onnx!, normalization, epochsFrom: values.epochsFrom };
  resolveConfig({ ...options, ...data, attack: data.manifest === undefined ? 'none' : undefined });
  if (values.layer !== undefined) {
    const path = values.out ?? defaultOut('onnx');
    return { path, options, follow: false, onnx: { ...onnx, layer: values.layer, data } };
  }
  const { file, layers } = await runJob(traceJobs('layersJob'), { onnx, data });
  if (values.json) process.stdout.write(`${JSON.stringify({ file, layers })}\n`);
  else {
    const rows = layers.map((l) => [l.name, l.shape.join('×')]);
    process.stdout.write(`layers of ${file}, for --layer:\n${table(['layer', 'output per image'], rows)}\n`);
  }
  return null;
}

export function addTrace(program: Command) {
  program
    .command('trace')
    .description('print what another program needs to record a trace of its training')
    .option('--python', 'print the recorder for PyTorch, one file to save beside the training script')
    .option('--schema', 'print the JSON Schema of run.json')
    .addHelpText('after', examples(['npx ibscope trace --python > ibscope_trace.py']))
    .action((values) => {
      if (values.schema) {
        process.stdout.write(`${JSON.stringify(traceJsonSchema(), null, 2)}\n`);
        return;
      }
      if (!values.python)
        throw new UserError(
          'trace: --python prints the recorder, --schema the JSON Schema of run.json; docs/trace.md describes the format',
        );
      process.stdout.write(readFileSync(new URL('../../python/ibscope_trace.py', import.meta.url), 'utf8'));
    });
}
