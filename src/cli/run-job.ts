/** Runs a job in a worker thread or a child process, with a progress line and a handler for Ctrl-C. */

import { isDiskFull, MachineError, systemWords } from '../base/errors.js';
import { Stopped } from '../base/progress.js';
import type { Job } from '../execution/job.js';
import { heard } from '../execution/messages.js';
import { inWorker } from '../execution/worker.js';
import { ProgressLine } from './progress.js';

/**
 * Runs `job` and returns its result. Ctrl-C once: the step in progress ends, and the state is saved. Twice: the process ends at once;
 * files on disk stay intact, because every file appears complete or not at all. `resume`: said where the job was stopped. `start`: where the job
 * is carried out, `inWorker` or `inChild`.
 */
export async function runJob<A, R>(job: Job<A, R>, argument: A, resume?: string, start = inWorker): Promise<R> {
  const line = new ProgressLine();
  const started = start(job, argument, heard({ progress: (p) => line.update(p), line: (text) => line.line(text) }));
  let asked = 0;
  const onSignal = () => {
    if (++asked > 1) {
      // The default action of the signal: `process.exit` would unload ONNX Runtime while its threads run, and crash.
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
  } catch (error) {
    const { name, message } = error as Error;
    if (resume === undefined) throw error;
    if (isDiskFull(error)) throw new MachineError(`${systemWords(error)}; free some there. ${resume}`);
    if (name === 'MachineError') throw new MachineError(`${message}. ${resume}`);
    throw name === 'Stopped' ? new Stopped(`${message}. ${resume}`) : error;
  } finally {
    line.clear();
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
  }
}
