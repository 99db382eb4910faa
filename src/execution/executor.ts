/** How jobs are carried out: on this machine (`LocalExecutor`), or by workers of a queue (`QueueExecutor`). */
import type { RunHooks } from '../base/progress.js';
import type { Job } from './job.js';

/** Carries out jobs. Whoever plans work hands it jobs and does not know where they run. */
export interface Executor {
  /** How many jobs are worth starting at the same time. Whoever hands over jobs keeps to it. */
  readonly atOnce: number;
  /**
   * Carries out one job. Rejects with an error of the name and message that the job threw, and with `Stopped` where the work was asked to stop
   * before the job began.
   */
  run<A, R>(job: Job<A, R>, argument: A, hooks?: Pick<RunHooks, 'progress' | 'line'>): Promise<R>;
  /** Ends the executor. Jobs under way are asked to stop, and are not waited for. */
  close(): void;
}

/** A job failed on every machine that tried it, by no fault of its own. */
export class RemoteError extends Error {
  override name = 'RemoteError';
}
