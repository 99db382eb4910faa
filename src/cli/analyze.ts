/** `ibscope analyze` and `ibscope trace`: the analysis of a training that happened elsewhere, and how to record one. */
import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { UserError } from '../base/errors.js';
import { ANALYSIS_OPTIONS, type AnalyzeRequest } from '../experiments/analyze.js';
import { requestOf, resolveConfig, runOptions } from '../experiments/config.js';
import type { RunResult } from '../experiments/result.js';
import { addRunOptions } from './options.js';
import { runTable } from './table.js';
import { work } from './work.js';

const OTHERS = (Object.keys(runOptions.shape) as (keyof typeof runOptions.shape)[]).filter(
  (key) => !(ANALYSIS_OPTIONS as readonly string[]).includes(key),
);

export function addAnalyze(program: Command) {
  const command = program
    .command('analyze')
    .description('estimates, phases, score and report of a training that was recorded elsewhere')
    .argument('<trace>', 'folder of the trace (docs/trace.md); results are written beside what is in it')
    .addHelpText('after', '\nExample:\n  ibscope analyze my-trace --beta 2');
  addRunOptions(command, OTHERS)
    .option('--follow', 'go on while the training still writes, until its last epoch or Ctrl-C')
    .option('--json', 'print one JSON document on stdout and nothing else there')
    .action(async (path: string, values) => {
      const options = requestOf(values);
      // What no analysis can have is refused before the trace is read.
      resolveConfig({ ...options, attack: 'none' });
      const request: AnalyzeRequest = { path, options, follow: values.follow ?? false };
      const result = await work<RunResult>('analyzeJob', request);
      if (values.json) process.stdout.write(`${JSON.stringify(result)}\n`);
      else process.stdout.write(`${runTable([result])}\n\nreport: ${result.report}\n`);
    });
}

export function addTrace(program: Command) {
  program
    .command('trace')
    .description('how to record a training in another program')
    .option('--python', 'print the recorder for PyTorch, one file to save beside your training')
    .addHelpText('after', '\nExample:\n  ibscope trace --python > ibscope_trace.py')
    .action((values) => {
      if (!values.python)
        throw new UserError('trace: --python prints the recorder; the format is described in docs/trace.md');
      process.stdout.write(readFileSync(new URL('../../python/ibscope_trace.py', import.meta.url), 'utf8'));
    });
}
