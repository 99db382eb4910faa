/** Jobs on this machine: each in a worker thread of its own, so that a job that blocks its thread blocks no other. */
import type { RunHooks } from '../base/progress.js';
import type { Executor } from './executor.js';
import type { Job } from './job.js';
import { heard } from './messages.js';
import { inWorker, type WorkInProgress } from './worker.js';

/** Milliseconds between questions whether to stop. */
const ASK = 200;

/** `atOnce`: as many jobs as the caller starts; it is told to planners. `shouldStop` is asked and reaches all jobs under way. */
export class LocalExecutor implements Executor {
  private readonly active = new Set<WorkInProgress<unknown>>();
  private readonly watch: NodeJS.Timeout;

  constructor(
    readonly atOnce: number,
    shouldStop: () => boolean,
  ) {
    this.watch = setInterval(() => {
      if (shouldStop()) for (const job of this.active) job.stop();
    }, ASK);
  }

  async run<A, R>(job: Job<A, R>, argument: A, hooks: Pick<RunHooks, 'progress' | 'line'> = {}): Promise<R> {
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
  }
}
