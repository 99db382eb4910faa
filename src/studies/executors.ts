/** The executor that carries out the runs of a study: here, or on other machines. */
import { basename } from 'node:path';
import type { RunHooks } from '../base/progress.js';
import { type Executor, RemoteError } from '../execution/executor.js';
import type { Job } from '../execution/job.js';
import type { QueueAddress } from '../execution/queue-address.js';
import type { Sender, Sent } from '../execution/queue-executor.js';
import { pipelineJobs } from '../pipeline/job-of.js';
import type { RunJob } from '../pipeline/jobs.js';
import type { RunResult } from '../runs/documents.js';
import type { StudyPlanFile } from '../runs/study-plan.js';
import { type OnSlurm, SlurmExecutor, type SlurmStudy, submitStudy } from './on-slurm.js';
import { finished, onceVisible, type StudyPlan } from './plan.js';
import { fromRoot, identity, sentWork } from './sent-work.js';

/** Where the runs of a study are made, other than here. */
export type Elsewhere = OnQueue | OnSlurm;

interface OnQueue {
  kind: 'queue';
  address: QueueAddress;
  /** Folder that all machines see. */
  root: string;
}

/** What an executor on other machines has to know of a study. */
export interface Place {
  plan: StudyPlan;
  /** Its jobs, as its folder has them. */
  file: Pick<StudyPlanFile, 'study' | 'out' | 'alternatives' | 'jobs'>;
}

/** What was done in place of making runs: the jobs wait for Slurm, or for a user who submits them. */
export type Submitted = Omit<SlurmStudy, 'tasks'>;

/**
 * The executor that makes the runs of a study elsewhere, or what was submitted where nobody waits. Throws `UserError` and `MachineError`.
 */
export async function executorAt(
  where: Elsewhere,
  place: Place,
  local: Executor,
  hooks: RunHooks,
): Promise<Executor | Submitted> {
  if (where.kind === 'queue') return onQueue(where, place, local, hooks);
  const open = place.plan.runs.flatMap((run, i) => (run.done ? [] : [i]));
  if (open.length === 0) return local;
  const { tasks, ...submitted } = await submitStudy(where, place.file, open);
  if (where.detach || submitted.commands.length > 0) return submitted;
  for (const array of submitted.arrays) hooks.line?.(`submitted to Slurm as job ${array}`);
  const names = new Map([...tasks].map(([task, n]) => [task, place.file.jobs[n].name]));
  return new SlurmExecutor(names, place.file.out, local, () => hooks.shouldStop?.() ?? false);
}

async function onQueue(where: OnQueue, place: Place, local: Executor, hooks: RunHooks): Promise<Executor> {
  const out = fromRoot(place.file.out, where.root);
  const send = (job: Job<unknown, unknown>, argument: unknown): Sent<unknown> | null => {
    if (job.name !== pipelineJobs('runJob').name) return null;
    const { config, path } = argument as RunJob;
    const name = basename(path);
    return {
      id: identity(out, name),
      data: () => sentWork({ name, config }, out, place.file.alternatives),
      result: () => resultIn(path, config),
    };
  };
  const { QueueExecutor } = await import('../execution/queue-executor.js');
  return QueueExecutor.open(where.address, local, send as Sender, () => hooks.shouldStop?.() ?? false);
}

/** The result that another machine has written. */
export async function resultIn(path: string, config: RunJob['config']): Promise<RunResult> {
  const result = await onceVisible(() => finished(path, config));
  if (result) return result;
  throw new RemoteError(
    `${path}: another machine has finished this run, and it cannot be seen here; is the folder shared?`,
  );
}
