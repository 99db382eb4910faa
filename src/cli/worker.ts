/** `ibscope worker`: takes jobs of studies off a queue and carries out each in a child process. */
import { stat } from 'node:fs/promises';
import { availableParallelism, hostname } from 'node:os';
import { relative, resolve, sep } from 'node:path';
import type { Command } from 'commander';
import { duration } from '../base/duration.js';
import { UserError } from '../base/errors.js';
import { type RunHooks, Stopped } from '../base/progress.js';
import { inChild } from '../execution/child.js';
import { heard } from '../execution/messages.js';
import type { QueueAddress } from '../execution/queue-address.js';
import type { Fault, QueueWorker } from '../execution/queue-worker.js';
import type { WorkInProgress } from '../execution/worker.js';
import { isHeldError, isOwnFault } from '../runs/failures.js';
import { studyJobs } from '../studies/job-of.js';
import { finished } from '../studies/plan.js';
import { insideRoot, receivedWork } from '../studies/sent-work.js';
import type { WorkJob } from '../studies/work.js';
import { examples, wholeNumber } from './options.js';
import { addQueueOptions, queueOf } from './queue-options.js';

export function addWorker(program: Command) {
  const command = program
    .command('worker')
    .description('take jobs of studies off a queue until stopped; `ibscope study … --executor queue` puts them there');
  addQueueOptions(command)
    .option('--jobs <n>', 'jobs at a time (default one per core)')
    .addHelpText('after', examples(['npx ibscope worker --queue redis://server:6379 --root /shared --jobs 2']))
    .action(async (values) => {
      const address = await queueOf(values);
      const root = resolve(values.root ?? '.');
      if (!(await stat(root).catch(() => null))?.isDirectory()) throw new UserError(`--root ${root}: no such folder`);
      const jobs = values.jobs === undefined ? availableParallelism() : wholeNumber('--jobs', values.jobs, 1);
      await new Serving(root).serve(address, jobs);
    });
}

/** The same everywhere, another process's, asked for, or this machine's. */
function faultOf(error: unknown): Fault {
  if ((error as Error).name === 'Stopped') return 'stopped';
  if (isHeldError(error)) return 'held';
  return isOwnFault(error) ? 'own' : 'machine';
}

/** A log of hours needs the time of day. */
const say = (text: string) => process.stderr.write(`${new Date().toTimeString().slice(0, 8)} ${text}\n`);

class Serving {
  private readonly active = new Set<WorkInProgress<unknown>>();
  private stopping = false;
  private worker: QueueWorker | undefined;

  constructor(private readonly root: string) {}

  /** Takes jobs until a signal asks to stop (rejects with `Stopped`) or the queue is gone for good (rejects with `MachineError`). */
  async serve(address: QueueAddress, jobs: number): Promise<never> {
    let end = (_: Error) => {};
    const ended = new Promise<Error>((resolve) => {
      end = resolve;
    });
    const work = {
      jobs,
      handle: (data: unknown, progress: RunHooks['progress']) => this.handle(data, progress),
      faultOf,
      line: say,
    };
    // BullMQ is loaded where it is needed: other commands start without it.
    const queue = await import('../execution/queue-worker.js');
    const worker = await queue.QueueWorker.open(address, work, end);
    this.worker = worker;
    const count = `${jobs} ${jobs === 1 ? 'job' : 'jobs'} at a time`;
    say(`worker on ${hostname()}: ${count} from ${address.shown}, in ${this.root}. Ctrl-C gives jobs back and ends.`);
    let asked = 0;
    const onSignal = () => {
      // The default action of the signal; children save and end once they see that this process is gone.
      if (++asked > 1) process.off('SIGINT', onSignal).off('SIGTERM', onSignal).kill(process.pid, 'SIGINT');
      else end(new Stopped('stopped; jobs that were in progress are saved and given back'));
    };
    process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
    const why = await ended;
    this.stopping = true;
    say('stopping after the current step');
    for (const job of this.active) job.stop();
    await Promise.allSettled([...this.active].map((job) => job.result));
    await worker.close();
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
    throw why;
  }

  /** One job, from what was sent. */
  private async handle(data: unknown, progress: RunHooks['progress']): Promise<null> {
    const { name, ...job } = await receivedWork(data, this.root).catch((error) => {
      say((error as Error).message);
      throw error;
    });
    if (await finished(job.path, job.config)) return null;
    if (await this.takeFromOthers(name, job)) return null;
    if (this.stopping) throw new Stopped('this worker is ending');
    const begun = performance.now();
    say(`${name}: begun`);
    const started = inChild(studyJobs('workJob'), job, heard({ progress }), this.root);
    this.active.add(started);
    try {
      await started.result;
      say(`${name}: done in ${duration((performance.now() - begun) / 1000)}`);
    } catch (error) {
      say(`${name}: ${(error as Error).message}`);
      throw error;
    } finally {
      this.active.delete(started);
    }
    return null;
  }

  /** Copies a run that another study on the queue has made; returns whether there was one. */
  private async takeFromOthers(name: string, job: WorkJob): Promise<boolean> {
    const worker = this.worker!;
    const noted = await worker.noted(name);
    const { copyFinished } = await import('../studies/shared-runs.js');
    const folder = noted === null ? null : await insideRoot(name, this.root, noted).catch(() => null);
    if (folder !== null && folder !== job.path && (await copyFinished(folder, job))) {
      say(`${name}: copied from ${noted}`);
      return true;
    }
    await worker.note(name, relative(this.root, job.path).split(sep).join('/'));
    return false;
  }
}
