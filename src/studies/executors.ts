/** The executor that carries out the runs of a study: here, or on other machines. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { RunHooks } from '../base/progress.js';
import { type Executor, RemoteError } from '../execution/executor.js';
import type { Job } from '../execution/job.js';
import type { QueueAddress } from '../execution/queue-address.js';
import type { Sender, Sent } from '../execution/queue-executor.js';
import { pipelineJobs } from '../pipeline/job-of.js';
import type { RunJob } from '../pipeline/jobs.js';
import type { RunResult } from '../runs/documents.js';
import { finished, type StudyPlan } from './plan.js';
import { fromRoot, identity, sentWork } from './sent-work.js';

/** Where the runs of a study are made, other than here. */
export type Elsewhere = { kind: 'queue'; address: QueueAddress; root: string };

/** What an executor on other machines has to know of a study. */
export interface Place {
  out: string;
  plan: StudyPlan;
  alternatives: boolean;
}

/** Seconds for which a network folder may hide what another machine has written. */
const HIDDEN = 60;

/** The executor of a place. Throws `UserError` and `MachineError`. */
export async function executorAt(where: Elsewhere, place: Place, local: Executor, hooks: RunHooks): Promise<Executor> {
  const out = fromRoot(place.out, where.root);
  const send = (job: Job<unknown, unknown>, argument: unknown): Sent<unknown> | null => {
    if (job.name !== pipelineJobs('runJob').name) return null;
    const { config, path } = argument as RunJob;
    const name = path.split(/[\\/]/).at(-1)!;
    return {
      id: identity(out, name),
      data: () => sentWork({ name, config }, out, place.alternatives),
      result: () => resultIn(path, config),
    };
  };
  const { QueueExecutor } = await import('../execution/queue-executor.js');
  return QueueExecutor.open(where.address, local, send as Sender, () => hooks.shouldStop?.() ?? false);
}

/** The result that another machine has written. */
export async function resultIn(path: string, config: RunJob['config']): Promise<RunResult> {
  for (let waited = 0; ; waited++) {
    const result = await finished(path, config);
    if (result) return result;
    if (waited === HIDDEN) break;
    await sleep(1000);
  }
  throw new RemoteError(
    `${path}: another machine has finished this run, and it cannot be seen here; is the folder shared?`,
  );
}
