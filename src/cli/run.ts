/** `ibscope run`: one attack, by one seed or several. */

import { mkdir } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import type { Command } from 'commander';
import { duration } from '../base/duration.js';
import { UserError } from '../base/errors.js';
import { toResume } from '../base/progress.js';
import { requestOf } from '../config/flags.js';
import { instrumentsOf, type RunRequest } from '../config/options.js';
import { requirePlugins } from '../config/plugins.js';
import { resolveConfig } from '../config/resolve.js';
import { pipelineJobs } from '../pipeline/job-of.js';
import type { RunJob } from '../pipeline/jobs.js';
import { chanceText } from '../report/headline.js';
import { RunDirectory } from '../runs/directory.js';
import type { RunDocument, RunResult } from '../runs/documents.js';
import { studyJobs } from '../studies/job-of.js';
import { parseSeeds } from '../studies/parse.js';
import { costWords } from './cost.js';
import { MAIN_SCRIPT } from './main-script.js';
import { addRunOptions, defaultOut, examples, JSON_FLAG } from './options.js';
import { runJob } from './run-job.js';
import { runTable } from './table.js';

export const OUT = ['--out <dir>', 'folder of the run (default runs/ATTACK-DATASET-TIME)'] as const;
export const RESUME = ['--resume', 'resume the run in the folder of --out'] as const;

/** The folder to write to. Throws `UserError` for `--resume` without `--out`. */
export function place(out: string | undefined, resume: boolean | undefined, what: string): string {
  if (resume && out === undefined) throw new UserError('--resume: name the run to resume with --out DIR');
  return out ?? defaultOut(what);
}

/**
 * The configuration with which the run in a folder was started; null where there is none. Throws `UserError` where its plugins are not
 * loaded: its names would only be unknown.
 */
export async function startedWith(folder: string): Promise<RunDocument['config'] | null> {
  const dir = await RunDirectory.read(folder).catch(() => null);
  const run = await dir?.readDocument<RunDocument>('run.json');
  requirePlugins(folder, run?.plugins);
  return run?.config ?? null;
}

/** Options of a resumed run: those of its first start, except the ones given now. */
async function resumed(out: string, given: RunRequest): Promise<RunRequest> {
  const config = await startedWith(out);
  if (!config) return given;
  // Checkpoints end with the last epoch, so another number of epochs needs others.
  const checkpoints = given.epochs === undefined ? config.checkpoints : undefined;
  return { ...config, instrument: [...instrumentsOf(config)], checkpoints, ...given };
}

export function addRun(program: Command) {
  const command = program
    .command('run')
    .description('poison a data set, train a model on it, and score the attack’s stealth')
    .addHelpText('after', examples(['npx ibscope run --attack blend --epochs 8 --out runs/blend']));
  addRunOptions(command)
    .option(...OUT)
    .option(...RESUME)
    .option('--view', 'show the run on a page in the browser, during the run and afterwards (default: no page)')
    .option('--seeds <numbers>', 'several runs, one a seed, such as 0-4 or 0,7; the report says what holds over seeds')
    .option('--dry-run', 'print the cost of the run on this machine, and stop')
    .option(...JSON_FLAG)
    .action(async (values) => {
      const given = requestOf(values);
      if (values.seeds !== undefined) return overSeeds(values, given);
      const config = resolveConfig(values.resume && values.out ? await resumed(values.out, given) : given);
      if (values.dryRun) {
        const cost = await runJob(pipelineJobs('costJob'), { config, threads: 0 });
        process.stdout.write(values.json ? `${JSON.stringify(cost)}\n` : `${costWords(cost)}\n`);
        return;
      }
      const path = place(values.out, values.resume, `${config.attack}-${config.dataset}`);
      const job: RunJob = { config, path, resume: values.resume ?? false };
      const dashboard = values.view ? await viewOf(path) : null;
      const result = await runJob(pipelineJobs('runJob'), job, toResume(path)).catch(async (error) => {
        await dashboard?.close();
        throw error;
      });
      print(values.json, result, `${runTable([result])}\n\n${verdictText(result)}`, result);
      await dashboard?.untilStopped();
    });
}

/** `--seeds`: one run a seed, and what holds over all of them. Throws `UserError` for options that mean one run. */
async function overSeeds(values: Record<string, string | boolean | undefined>, given: RunRequest) {
  const single = (
    [
      ['--seed', values.seed],
      ['--view', values.view],
      ['--dry-run', values.dryRun],
    ] as const
  ).find(([, value]) => value !== undefined);
  if (single) throw new UserError(`${single[0]}: it means one run, --seeds ${values.seeds} several`);
  const seeds = parseSeeds(values.seeds as string);
  const resume = values.resume === true;
  if (resume && values.out !== undefined)
    for (const seed of seeds) await startedWith(join(values.out as string, 'runs', `seed-${seed}`));
  const configs = seeds.map((seed) => resolveConfig({ ...given, seed }));
  const [{ attack, dataset }] = configs;
  const path = place(values.out as string | undefined, resume, `${attack}-${dataset}`);
  const result = await runJob(studyJobs('seedsJob'), { configs, path, resume }, toResume(path));
  const { mean, interval, n } = result.score;
  const range = n > 1 ? ` (95 % ${interval.map((v) => v.toFixed(3)).join(' to ')})` : '';
  const chance = result.p === null ? '' : `; over all seeds p is ${chanceText(result.p)}`;
  const rows = result.rows.map((row, i) => ({ ...row, attack: `${attack}, seed ${result.seeds[i]}` }));
  const text = `${runTable(rows)}\n\nS over ${n} seeds: ${mean.toFixed(3)}${range}${chance}`;
  // Seeds run side by side, so that their work is more than the time that passed.
  print(values.json === true, result, text, result, ' of work');
}

/** What a run says, and what it leaves open. */
const verdictText = ({ verdict }: RunResult) =>
  verdict ? [verdict.outcome, verdict.sentence, ...verdict.cautions].join('\n') : '';

/** Starts the dashboard on the folder that contains the run, and prints the address of the run's page. */
async function viewOf(path: string) {
  const folder = dirname(resolve(path));
  await mkdir(folder, { recursive: true });
  const { startDashboard } = await import('../server/app.js');
  const dashboard = await startDashboard(folder, { port: 0, main: MAIN_SCRIPT });
  process.stderr.write(`page of the run: ${dashboard.address}#/run?id=${encodeURIComponent(basename(path))}\n`);
  return {
    close: () => dashboard.close(),
    async untilStopped() {
      process.stderr.write('The page stays available until Ctrl-C.\n');
      await new Promise<void>((done) => {
        process.once('SIGINT', done).once('SIGTERM', done);
      });
      await dashboard.close();
    },
  };
}

export function print(
  json: boolean | undefined,
  document: unknown,
  text: string,
  { report, seconds }: { report: string; seconds: number },
  unit = '',
) {
  if (json) process.stdout.write(`${JSON.stringify(document)}\n`);
  else process.stdout.write(`${text}\n\nreport: ${report}  (${duration(seconds)}${unit})\n`);
}
