/** Runs a job in the worker thread, with a progress line and Ctrl-C. */
import { inWorker } from '../engine/worker.js';
import type { Message } from '../experiments/jobs.js';
import { ProgressLine } from './progress.js';

const JOBS = new URL('../experiments/jobs.js', import.meta.url);

/**
 * Ctrl-C once: the step in progress is finished and saved. Twice: the process ends now; what is on disk stays whole,
 * because every file appears whole or not at all.
 */
export async function work<R>(name: string, argument: unknown): Promise<R> {
  const line = new ProgressLine();
  const job = inWorker<R, Message>(JOBS, name, argument, (m) =>
    'progress' in m ? line.update(m.progress) : line.line(m.line),
  );
  let asked = 0;
  const onSignal = () => {
    if (++asked > 1) {
      // As if nobody listened: an orderly exit would take the runtime down under its own threads.
      process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
      process.kill(process.pid, 'SIGINT');
      return;
    }
    line.line('Stopping after the current step. Press Ctrl-C again to stop now.');
    job.stop();
  };
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  try {
    return await job.result;
  } finally {
    line.clear();
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
  }
}
