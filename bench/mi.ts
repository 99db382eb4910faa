/**
 * Estimators × tasks × seeds, written as a table into `docs/estimators-table.md`: mean error, spread over seeds, seconds.
 *
 * `--tasks A,B`, `--estimators A,B`, `--samples N`, `--seeds N`: only these. `--out FILE`: file of the table.
 */

import { writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { performance } from 'node:perf_hooks';
import { UserError } from '../src/base/errors.js';
import { eachAtOnce } from '../src/base/pool.js';
import { ProgressLine } from '../src/cli/progress.js';
import { mean } from '../src/dynamics/index.js';
import { jobsOf } from '../src/execution/job.js';
import { inWorker } from '../src/execution/worker.js';
import { estimator } from '../src/information/index.js';
import { taskNamed, tasks } from '../src/information/tasks/index.js';
import type { Task } from '../src/information/tasks/types.js';
import type { Estimator, Samples } from '../src/information/types.js';

const benchJobs = jobsOf<typeof import('./mi.js')>(new URL(import.meta.url));

const ESTIMATORS = ['infonce', 'nwj', 'mine', 'smile', 'ksg', 'cca', 'plugin', 'mixed'];
/** Most columns of both variables for neighbour estimators and full covariances, which give no useful value above. */
const WIDE = 500;
/** Bounds that must stay below the truth on held-out samples. */
const BOUNDS = ['infonce', 'nwj', 'mine'];

const spread = (v: readonly number[]) => Math.sqrt(v.reduce((s, x) => s + (x - mean(v)) ** 2, 0) / (v.length - 1 || 1));

/** Whether the estimator is defined for the variables of the task. */
function fits({ name }: Estimator, a: Samples, b: Samples): boolean {
  const discrete = Number(a.discrete) + Number(b.discrete);
  if (name === 'plugin') return discrete === 2;
  if (name === 'ksg' || name === 'cca') return discrete === 0 && a.d + b.d <= WIDE;
  return name !== 'mixed' || a.d + b.d <= WIDE;
}

interface Job {
  task: string;
  seed: number;
  n: number;
  names: string[];
}

interface Measured {
  name: string;
  nats: number;
  standardError: number;
  seconds: number;
}

/** All estimators on one sample of one task, each on one thread: as many samples at a time as there are cores. */
export async function measure({ task, seed, n, names }: Job): Promise<Measured[]> {
  const { a, b } = taskNamed(task).sample(n, seed);
  const found: Measured[] = [];
  for (const name of names) {
    const with_ = estimator(name, { threads: 1 });
    if (!fits(with_, a, b)) continue;
    const started = performance.now();
    try {
      const { nats, standardError } = await with_.estimate(a, b, { seed });
      found.push({ name, nats, standardError, seconds: (performance.now() - started) / 1000 });
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
    }
  }
  return found;
}

export async function main(args: string[]): Promise<void> {
  const option = (name: string) => (args.includes(`--${name}`) ? args[args.indexOf(`--${name}`) + 1] : undefined);
  const chosen = option('tasks')?.split(',').map(taskNamed) ?? tasks;
  const names = option('estimators')?.split(',') ?? ESTIMATORS;
  const n = Number(option('samples') ?? 2000);
  const seeds = Array.from({ length: Number(option('seeds') ?? 5) }, (_, seed) => seed);
  const out = option('out') ?? 'docs/estimators-table.md';
  const jobs = chosen.flatMap((task) => seeds.map((seed): Job => ({ task: task.id, seed, n, names })));
  const results = new Map<string, Measured[]>(chosen.map((task) => [task.id, []]));
  const line = new ProgressLine();
  let done = 0;
  await eachAtOnce(jobs.length, availableParallelism(), async (i) => {
    const job = jobs[i];
    const { result } = inWorker(benchJobs('measure'), job, () => {});
    results.get(job.task)!.push(...(await result));
    line.update({ phase: 'runs', stage: job.task, done: ++done, total: jobs.length, unit: 'samples' });
    writeFileSync(out, document(names, n, seeds.length, chosen, results));
  });
  line.clear();
  console.log(`${out}: ${chosen.length} tasks`);
}

function document(
  names: string[],
  n: number,
  seeds: number,
  chosen: readonly Task[],
  results: Map<string, Measured[]>,
): string {
  const rows = chosen.map((task) => {
    const cells = names.map((name) => {
      const cell = results.get(task.id)!.filter((m) => m.name === name);
      if (cell.length === 0) return '';
      const nats = cell.map((m) => m.nats);
      return `${mean(nats).toFixed(3)} ± ${spread(nats).toFixed(3)} (${mean(cell.map((m) => m.seconds)).toFixed(1)} s)`;
    });
    return `| \`${task.id}\` | ${task.truth.toFixed(3)} | ${cells.join(' | ')} |`;
  });
  const counts = BOUNDS.filter((name) => names.includes(name)).map((name) => {
    const pairs = chosen.flatMap((task) =>
      results
        .get(task.id)!
        .filter((m) => m.name === name)
        .map((m) => m.nats > task.truth + 2 * Math.hypot(m.standardError, task.truthError)),
    );
    return `\`${name}\` ${pairs.filter(Boolean).length} of ${pairs.length}`;
  });
  return [
    '# Estimators on tasks with a known answer',
    '',
    `Mean ± spread over ${seeds} samples of ${n} pairs, default settings, in nats; seconds per estimate on one core. An empty`,
    'cell: the estimator is not for such variables. `npm run bench:mi` writes this page; the laws are in `src/information/tasks`.',
    '',
    `| task | truth | ${names.join(' | ')} |`,
    `|---|---|${names.map(() => '---|').join('')}`,
    ...rows,
    '',
    ...(counts.length === 0
      ? []
      : [
          `Above the truth by more than two of their own standard errors, pairs of task and seed: ${counts.join(', ')}.`,
          '',
        ]),
  ].join('\n');
}
