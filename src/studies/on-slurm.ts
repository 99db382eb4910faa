/** The runs of a study as a job array of Slurm. Each task is `ibscope work`; what a task ended with stands in the study's folder. */
import { mkdir, readFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { MachineError } from '../base/errors.js';
import { pluginArguments } from '../base/plugins.js';
import { type RunHooks, Stopped } from '../base/progress.js';
import { shellWord } from '../base/shell.js';
import { type Executor, RemoteError } from '../execution/executor.js';
import type { Job } from '../execution/job.js';
import {
  arrayLimit,
  arrayScript,
  hasSlurm,
  submissions,
  submit,
  submitWords,
  tasksInQueue,
} from '../execution/slurm.js';
import { writeAtomic } from '../formats/files.js';
import { pipelineJobs } from '../pipeline/job-of.js';
import type { RunJob } from '../pipeline/jobs.js';
import { forgetFailure, readFailure } from '../runs/failures.js';
import { planIn, type StudyPlanFile } from '../runs/study-plan.js';
import { finished, onceVisible } from './plan.js';

export interface OnSlurm {
  kind: 'slurm';
  /** Options of `sbatch`. */
  options: string[];
  /** Ends once the jobs are submitted. */
  detach: boolean;
  /** Script of the command line. */
  main: string;
}

/** A time limit: the estimate of the most expensive run, twice, and this many minutes. A run that needs longer saves and is queued again. */
const SPARE = 10;

/** Milliseconds between looks at the queue, and seconds for which Slurm may be away. */
const LOOK = 5000;
const AWAY = 600;

/** The tasks that earlier commands have submitted: number of the job in the plan by `ARRAY_TASK`. */
type Submitted = Record<string, number>;

/** A study on Slurm: what is to be done, and what was submitted. */
export interface SlurmStudy {
  script: string;
  /** Commands that submit the jobs, where that could not be done here. */
  commands: string[];
  /** Numbers of the arrays. */
  arrays: string[];
  tasks: Map<string, number>;
}

/** Writes the script, and submits the jobs `open` of the plan that are not in the queue already. */
export async function submitStudy(
  { options, main }: OnSlurm,
  { study, out, jobs }: Pick<StudyPlanFile, 'study' | 'out' | 'jobs'>,
  open: readonly number[],
): Promise<SlurmStudy> {
  const logs = resolve(out, 'slurm');
  await mkdir(logs, { recursive: true });
  const script = join(logs, `${study}.sh`);
  const plan = resolve(planIn(out, study));
  const seconds = Math.max(0, ...open.map((n) => jobs[n].seconds));
  const command = [process.execPath, main, ...pluginArguments(), 'work', plan, '--job'];
  const minutes = Math.ceil((2 * seconds) / 60) + SPARE;
  const text = arrayScript({ name: `ibscope-${study}`, logs, command, cwd: process.cwd(), minutes, options });
  await writeAtomic(script, text);
  if (!(await hasSlurm())) {
    const commands = submissions(open, 1000).map((s) => submitWords(script, s).map(shellWord).join(' '));
    return { script, commands, arrays: [], tasks: new Map() };
  }
  const file = join(logs, `${study}-submitted.json`);
  const before: Submitted = await readFile(file, 'utf8')
    .then(JSON.parse)
    .catch(() => ({}));
  const inQueue = await tasksInQueue();
  const tasks = new Map(Object.entries(before).filter(([task, n]) => inQueue.has(task) && open.includes(n)));
  const known = new Set(tasks.values());
  const arrays: string[] = [];
  for (const n of open) if (!known.has(n)) await forgetFailure(out, jobs[n].name);
  const missing = open.filter((n) => !known.has(n));
  for (const submission of submissions(missing, await arrayLimit())) {
    const array = await submit(script, submission);
    arrays.push(array);
    for (const task of submission.tasks) tasks.set(`${array}_${task}`, submission.offset + task);
    await writeAtomic(file, `${JSON.stringify(Object.fromEntries(tasks))}\n`);
  }
  return { script, commands: [], arrays, tasks };
}

interface Waiting {
  job: RunJob;
  hooks: Pick<RunHooks, 'progress' | 'line'>;
  done(result: unknown): void;
  fail(error: Error): void;
}

/** Waits for the tasks of a study, by the name of the run. */
export class SlurmExecutor implements Executor {
  readonly atOnce = Number.MAX_SAFE_INTEGER;
  private readonly waiting = new Map<string, Waiting>();
  private closed = false;

  /** `tasks`: the name of the run by `ARRAY_TASK`. */
  constructor(
    private readonly tasks: ReadonlyMap<string, string>,
    private readonly out: string,
    private readonly local: Executor,
    private readonly shouldStop: () => boolean,
  ) {
    this.watch();
  }

  run<A, R>(job: Job<A, R>, argument: A, hooks: Pick<RunHooks, 'progress' | 'line'> = {}): Promise<R> {
    if (job.name !== pipelineJobs('runJob').name) return this.local.run(job, argument, hooks);
    const run = argument as RunJob;
    const name = basename(run.path);
    return new Promise<R>((done, fail) => {
      this.waiting.set(name, { job: run, hooks, done: done as (result: unknown) => void, fail });
    }).finally(() => this.waiting.delete(name));
  }

  close() {
    this.closed = true;
  }

  private async watch() {
    let answered = performance.now();
    while (!this.closed) {
      for (let waited = 0; waited < LOOK; waited += 200) {
        await sleep(200);
        if (this.shouldStop())
          return this.endAll(new Stopped('stopped waiting; the jobs stay with Slurm, and scancel ends them'));
      }
      try {
        await this.look(await tasksInQueue());
        answered = performance.now();
      } catch (error) {
        if (performance.now() - answered > 1000 * AWAY) return this.endAll(error as Error);
      }
    }
  }

  private async look(inQueue: ReadonlyMap<string, string>) {
    for (const [task, name] of this.tasks) {
      const waiting = this.waiting.get(name);
      if (!waiting) continue;
      const place = inQueue.get(task);
      if (place === undefined) {
        this.waiting.delete(name);
        this.collect(task, name, waiting);
      } else if (place !== '')
        waiting.hooks.progress?.({ phase: 'wait', stage: 'run', done: 0, total: 1, unit: 'run', place });
    }
  }

  /** What a task that has left the queue ended with. */
  private async collect(task: string, name: string, { job, done, fail }: Waiting) {
    const ended = await onceVisible(async () => {
      const result = await finished(job.path, job.config);
      const failure = result ? null : await readFailure(this.out, name);
      return result || failure ? { result, failure } : null;
    });
    if (ended?.result) return done(ended.result);
    if (ended?.failure) return fail(Object.assign(new Error(ended.failure.why), { name: ended.failure.kind }));
    fail(
      new RemoteError(
        `Slurm ended its job ${task} without a result; ${join(this.out, 'slurm', `${task}.log`)} says more`,
      ),
    );
  }

  private endAll(error: Error) {
    this.closed = true;
    const why = error.name === 'Stopped' ? error : new MachineError(error.message);
    for (const { fail } of [...this.waiting.values()]) fail(why);
  }
}
