/** Runs a job in the worker thread, with a progress line and Ctrl-C. */

import type { Job } from '../execution/job.js';
import { heard } from '../execution/messages.js';
import { inWorker } from '../execution/worker.js';
import { ProgressLine } from './progress.js';

/**
 * Ctrl-C once: the step in progress is finished and saved. Twice: the process ends now; what is on disk stays whole,
 * because every file appears whole or not at all.
 */
export async function runJob<A, R>(job: Job<A, R>, argument: A): Promise<R> {
  const line = new ProgressLine();
  const started = inWorker(job, argument, heard({ progress: (p) => line.update(p), line: (text) => line.line(text) }));
  let asked = 0;
  const onSignal = () => {
    if (++asked > 1) {
      // As if nobody listened: an orderly exit would take the runtime down under its own threads.
      process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
      process.kill(process.pid, 'SIGINT');
      return;
    }
    line.line('Stopping after the current step. Press Ctrl-C again to stop now.');
    started.stop();
  };
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  try {
    return await started.result;
  } finally {
    line.clear();
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
  }
}
