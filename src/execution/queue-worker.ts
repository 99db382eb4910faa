/**
 * Takes jobs off the queue. The work itself is done elsewhere (a child process), so that the lock of a job is renewed whatever the work does;
 * a worker that dies does not renew it, and another worker takes the job.
 */
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { DelayedError, type Job, UnrecoverableError, WaitingError, Worker } from 'bullmq';
import type { Progress } from '../base/progress.js';
import type { QueueAddress } from './queue-address.js';
import { type Connection, connect, QUEUE } from './queue-connection.js';

/** Milliseconds that a lock lasts without renewal, and between looks for locks that were not renewed. */
const LOCK = 15_000;
const STALLED = 7500;

/** Milliseconds until a job that another process works on is tried again. */
const HELD_AGAIN = 5000;

/** Where runs are made, by their names. */
const NOTES = 'ibscope:runs';

/** Milliseconds between messages on the progress of one job. */
const TELL = 3000;

/** Milliseconds that a worker takes no job after a fault of its machine; twice as many after the next, and so on. */
const REST = { first: 2000, most: 300_000 };

/** What the failure of a job means for its next attempt. */
export type Fault =
  /** The same everywhere: it is not tried again. */
  | 'own'
  /** Another process works on it: it is tried again soon. */
  | 'held'
  /** This worker was asked to stop: it is given back. */
  | 'stopped'
  /** This machine's: it is tried again later, and this worker rests. */
  | 'machine';

export interface QueueWork {
  /** Jobs at a time. */
  jobs: number;
  /** Carries out a job from what was sent. */
  handle(data: unknown, progress: (p: Progress) => void): Promise<unknown>;
  faultOf(error: unknown): Fault;
  line(text: string): void;
}

export class QueueWorker {
  private rest = 0;
  private resting: NodeJS.Timeout | undefined;

  private constructor(
    private readonly connection: Connection,
    private readonly worker: Worker,
  ) {}

  /** Begins to take jobs. `onGone`: the connection is lost for good. Throws `MachineError` without a connection. */
  static async open(address: QueueAddress, work: QueueWork, onGone: (error: Error) => void): Promise<QueueWorker> {
    const connection = await connect(address, onGone);
    const worker = new Worker(QUEUE, (job, token) => self.process(job, token!, work), {
      connection: connection.client,
      concurrency: work.jobs,
      lockDuration: LOCK,
      stalledInterval: STALLED,
      // A machine that dies is no fault of the job.
      maxStalledCount: 1000,
      autorun: false,
      name: `${hostname()}:${process.pid}`,
    });
    const self = new QueueWorker(connection, worker);
    // A lost connection and a lock that was lost meanwhile: `connect` reports the one, the lease of the run makes the other harmless.
    worker.on('error', () => {});
    await worker.waitUntilReady();
    worker.run().catch(onGone);
    return self;
  }

  /** The folder of a run, by its name, that was noted last (`note`); null where none was. */
  noted(name: string): Promise<string | null> {
    return this.connection.client.hget(NOTES, name);
  }

  /** Notes where a run is made, for other studies on the queue. */
  async note(name: string, folder: string): Promise<void> {
    await this.connection.client.hset(NOTES, name, folder);
  }

  /** Takes no further job and waits until those in progress have ended, which `handle` was asked to. */
  async close(): Promise<void> {
    clearTimeout(this.resting);
    // Without a connection BullMQ would wait for one.
    if (this.connection.client.status === 'ready') await this.worker.close();
    else await Promise.race([this.worker.close(true), sleep(1000, undefined, { ref: false })]);
    this.connection.end();
  }

  private async process(job: Job, token: string, work: QueueWork): Promise<unknown> {
    let told = 0;
    const tell = (p: Progress) => {
      if (performance.now() - told < TELL) return;
      told = performance.now();
      job.updateProgress({ ...p, place: hostname() }).catch(() => {});
    };
    try {
      const result = await work.handle(job.data, tell);
      this.rest = 0;
      return result;
    } catch (thrown) {
      const { name, message } = thrown as Error;
      const fault = work.faultOf(thrown);
      if (fault === 'own') throw new UnrecoverableError(`${name}: ${message}`);
      if (fault === 'held') {
        await job.moveToDelayed(Date.now() + HELD_AGAIN, token);
        throw new DelayedError();
      }
      if (fault === 'stopped') {
        await job.moveToWait(token);
        throw new WaitingError();
      }
      this.takeARest(work);
      throw new Error(`RemoteError: ${hostname()}: ${message}`);
    }
  }

  /** A machine with a full disk would else fail one job after the other. */
  private takeARest({ line }: QueueWork) {
    this.rest = Math.min(REST.most, this.rest === 0 ? REST.first : 2 * this.rest);
    line(`this machine failed; it takes no job for ${this.rest / 1000} s`);
    clearTimeout(this.resting);
    this.worker.pause(true).catch(() => {});
    this.resting = setTimeout(() => this.worker.resume().catch(() => {}), this.rest);
  }
}
