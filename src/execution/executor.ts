/** How jobs are carried out: on this machine (`LocalExecutor`), or elsewhere. */
import type { RunHooks } from '../base/progress.js';
import type { Job } from './job.js';

/** Carries out jobs. Whoever plans work hands it jobs and does not know where they run. */
export interface Executor {
  /** Jobs that run at the same time. */
  readonly atOnce: number;
  /** Carries out one job; rejects with what it threw, by name and message. */
  run<A, R>(job: Job<A, R>, argument: A, hooks?: Pick<RunHooks, 'progress' | 'line'>): Promise<R>;
  /** Ends the executor; jobs under way are not waited for. */
  close(): void;
}
