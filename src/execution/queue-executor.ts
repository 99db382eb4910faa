/**
 * Jobs on a queue of BullMQ, which workers on any machine take (`QueueWorker`). What is sent is plain data that says what to make, not how: a
 * worker makes of it a job of its own.
 *
 * A job is delivered at least once. Its identity follows from its content, so a job that is handed over again, by a study that resumes or after
 * Redis has lost it, is the same job.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type JobsOptions, Queue, QueueEvents } from 'bullmq';
import type { Redis } from 'ioredis';
import { type Progress, type RunHooks, Stopped } from '../base/progress.js';
import { type Executor, RemoteError } from './executor.js';
import type { Job } from './job.js';
import type { QueueAddress } from './queue-address.js';
import { type Connection, connect, QUEUE } from './queue-connection.js';

/** What is sent of a job. */
export interface Sent<R> {
  /** Identity on the queue: letters and digits. */
  id: string;
  /** Plain data, made when it is sent. */
  data(): unknown;
  /** The result, once the job is done. */
  result(): Promise<R>;
}

/** What is to be sent of a job; null for one that is carried out here. */
export type Sender = <A, R>(job: Job<A, R>, argument: A) => Sent<R> | null;

/** Jobs added by one command. */
const CHUNK = 500;

/** Milliseconds between looks at jobs of which nothing was heard, and between questions whether to stop. */
const LOOK = 15_000;
const ASK = 200;

/** Attempts by a machine's fault, and milliseconds before the second; every further wait is twice as long. */
const RETRIES: JobsOptions = { attempts: 8, backoff: { type: 'exponential', delay: 2000 } };

/** Failed jobs are kept for a week, so that a study that was away learns why. */
const KEPT: JobsOptions = { removeOnComplete: true, removeOnFail: { age: 7 * 86_400 } };

interface Waiting {
  sent: Sent<unknown>;
  hooks: Pick<RunHooks, 'progress' | 'line'>;
  done(): void;
  fail(error: Error): void;
}

/** `NAME: message` of a worker as an error of that name. */
export function errorOf(reason: string): Error {
  const [, name, message] = /^(\w+Error): ([\s\S]*)$/.exec(reason) ?? [];
  return name ? Object.assign(new Error(message), { name }) : new RemoteError(reason);
}

export class QueueExecutor implements Executor {
  /** All at once: the queue holds them. */
  readonly atOnce = Number.MAX_SAFE_INTEGER;
  private readonly waiting = new Map<string, Waiting>();
  private toAdd: string[] = [];
  private adding: Promise<void> | undefined;
  private readonly client: Redis;
  private readonly timers: NodeJS.Timeout[];
  private ended: Error | undefined;

  private constructor(
    private readonly connection: Connection,
    private readonly queue: Queue,
    private readonly events: QueueEvents,
    private readonly local: Executor,
    private readonly send: Sender,
    shouldStop: () => boolean,
  ) {
    events.on('completed', ({ jobId }) => this.waiting.get(jobId)?.done());
    events.on('failed', ({ jobId, failedReason }) => this.waiting.get(jobId)?.fail(errorOf(failedReason)));
    events.on('progress', ({ jobId, data }) => this.waiting.get(jobId)?.hooks.progress?.(data as unknown as Progress));
    // Without a connection they say so again and again; `connect` reports it.
    queue.on('error', () => {});
    events.on('error', () => {});
    this.client = connection.client;
    this.client.on('ready', () => this.look());
    this.timers = [
      setInterval(() => this.look(), LOOK),
      setInterval(() => {
        if (shouldStop() && !this.ended) this.end(new Stopped('stopped; jobs that no worker has begun are withdrawn'));
      }, ASK),
    ];
  }

  /** `local`: carries out the jobs that `send` does not send. Throws `MachineError` without a connection. */
  static async open(address: QueueAddress, local: Executor, send: Sender, shouldStop: () => boolean) {
    let gone = (_: Error) => {};
    const connection = await connect(address, (error) => gone(error));
    const { client } = connection;
    const queue = new Queue(QUEUE, { connection: client, defaultJobOptions: { ...RETRIES, ...KEPT } });
    const events = new QueueEvents(QUEUE, { connection: client });
    const executor = new QueueExecutor(connection, queue, events, local, send, shouldStop);
    gone = (error) => executor.end(error);
    await events.waitUntilReady();
    return executor;
  }

  async run<A, R>(job: Job<A, R>, argument: A, hooks: Pick<RunHooks, 'progress' | 'line'> = {}): Promise<R> {
    if (this.ended) throw this.ended;
    const sent = this.send(job, argument);
    if (sent === null) return this.local.run(job, argument, hooks);
    const { id } = sent;
    try {
      await new Promise<void>((done, fail) => {
        this.waiting.set(id, { sent, hooks, done, fail });
        this.toAdd.push(id);
        this.adding ??= this.add();
      });
    } finally {
      this.waiting.delete(id);
    }
    return sent.result();
  }

  close() {
    this.end(new Stopped('the study has ended'));
  }

  /** Adds what has come together, a chunk at a time, so that thousands of jobs are never in memory at once. */
  private async add() {
    // Whoever hands over many jobs does so without a pause.
    await sleep(1);
    while (this.toAdd.length > 0 && !this.ended) {
      const ids = this.toAdd.splice(0, CHUNK).filter((id) => this.waiting.has(id));
      const jobs = ids.map((jobId) => ({ name: 'run', data: this.waiting.get(jobId)!.sent.data(), opts: { jobId } }));
      try {
        await this.forgetEnded(ids);
        await this.queue.addBulk(jobs);
      } catch {
        // The connection was lost on the way; `look` finds what is missing.
      }
    }
    this.adding = undefined;
  }

  /** A job that failed earlier is in the way of its repetition. */
  private async forgetEnded(ids: readonly string[]) {
    const failed = await this.inFailed(ids);
    for (const [i, id] of ids.entries()) if (failed[i]) await this.queue.remove(id);
  }

  private async inFailed(ids: readonly string[]): Promise<boolean[]> {
    if (ids.length === 0) return [];
    return (await this.client.zmscore(this.queue.toKey('failed'), ...ids)).map((score) => score !== null);
  }

  /** Finds jobs whose end was not heard, because the connection was away, and those that Redis has lost. */
  private async look() {
    if (this.client.status !== 'ready' || this.adding || this.ended) return;
    const ids = [...this.waiting.keys()];
    try {
      for (let at = 0; at < ids.length; at += CHUNK) await this.lookAt(ids.slice(at, at + CHUNK));
    } catch {
      return;
    }
    if (this.toAdd.length > 0) this.adding ??= this.add();
  }

  private async lookAt(ids: readonly string[]) {
    const asked = this.client.pipeline();
    for (const id of ids) asked.hmget(this.queue.toKey(id), 'data', 'failedReason');
    const failed = await this.inFailed(ids);
    for (const [i, answer] of (await asked.exec())!.entries()) {
      const [data, reason] = answer[1] as (string | null)[];
      // Finished jobs are removed too: a worker sees at once that nothing is left to do.
      if (data === null) this.toAdd.push(ids[i]);
      else if (failed[i]) this.waiting.get(ids[i])?.fail(errorOf(reason ?? ''));
    }
  }

  /** Ends with an error for all jobs under way, once. */
  private async end(error: Error) {
    if (this.ended) return;
    this.ended = error;
    for (const timer of this.timers) clearInterval(timer);
    const open = [...this.waiting.keys()];
    if (error.name === 'Stopped' && this.client.status === 'ready') {
      await this.adding;
      // A job that a worker works on is locked, and stays.
      for (const id of open) await this.queue.remove(id).catch(() => {});
    }
    for (const { fail } of [...this.waiting.values()]) fail(error);
    await Promise.race([
      Promise.allSettled([this.events.close(), this.queue.close()]),
      sleep(2000, undefined, { ref: false }),
    ]);
    this.connection.end();
  }
}
