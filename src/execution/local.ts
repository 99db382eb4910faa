/** Jobs on this machine: each in a worker thread of its own, so that a job that blocks its thread blocks no other. */
import { type RunHooks, Stopped } from '../base/progress.js';
import type { Executor } from './executor.js';
import type { Job } from './job.js';
import { heard } from './messages.js';
import { inWorker, type WorkInProgress } from './worker.js';

/** Milliseconds between questions whether to stop: far less than a step of training, and nothing to a processor. */
const ASK = 200;

/** `shouldStop` is asked regularly; once it says so, all jobs under way are asked to stop and no job is begun. */
export class LocalExecutor implements Executor {
  private readonly active = new Set<WorkInProgress<unknown>>();
  private readonly watch: NodeJS.Timeout;

  constructor(
    readonly atOnce: number,
    private readonly shouldStop: () => boolean,
  ) {
    this.watch = setInterval(() => {
      if (shouldStop()) this.stopAll();
    }, ASK);
  }

  async run<A, R>(job: Job<A, R>, argument: A, hooks: Pick<RunHooks, 'progress' | 'line'> = {}): Promise<R> {
    if (this.shouldStop()) throw new Stopped('stopped before the next job began');
    const started = inWorker(job, argument, heard(hooks));
    this.active.add(started);
    try {
      return await started.result;
    } finally {
      this.active.delete(started);
    }
  }

  close() {
    clearInterval(this.watch);
    this.stopAll();
  }

  private stopAll() {
    for (const job of this.active) job.stop();
  }
}
