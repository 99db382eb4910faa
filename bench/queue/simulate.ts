/** Many workers of one queue by simulation: each takes a job from Redis, works, and hands it back; Redis serves one after the other. */
import { Rng } from '../../src/base/random.js';

/** Seconds of processor time. */
export interface Costs {
  /** Of Redis and of the study, for one job from being added to being done, without progress. */
  redisPerJob: number;
  studyPerJob: number;
  /** For one message of progress. */
  redisPerMessage: number;
  studyPerMessage: number;
}

/** Seconds between messages on the progress of a job, and between renewals of a worker's locks, as src/execution/queue-worker.ts has them. */
const TELL = 3;
const RENEW = 7.5;

export interface Crowd {
  workers: number;
  /** Mean seconds of a job; single ones are up to a fifth shorter or longer. */
  jobSeconds: number;
  /** Share of a worker's time, up to its last job, in which it works. */
  efficiency: number;
  /** Share of the time that Redis and the study's process are busy; above 1: they fall behind. */
  redis: number;
  study: number;
}

/** Jobs of each worker that are simulated. */
const ROUNDS = 20;

export function simulate(workers: number, jobSeconds: number, costs: Costs): Crowd {
  const rng = new Rng(0, 'queue', workers);
  const background = (workers / TELL + workers / RENEW) * costs.redisPerMessage;
  // What progress leaves of Redis; a Redis that is busy with it alone serves nobody.
  const service = background < 1 ? costs.redisPerJob / 2 / (1 - background) : Number.POSITIVE_INFINITY;
  const events = new Queue();
  for (let w = 0; w < workers; w++) events.push({ at: 0, worker: w, ends: false });
  const left = new Array(workers).fill(ROUNDS);
  let [free, worked, end, served, present] = [0, 0, 0, 0, 0];
  for (let event = events.pop(); event; event = events.pop()) {
    const done = Math.max(event.at, free) + service;
    if (!Number.isFinite(done)) return { workers, jobSeconds, efficiency: 0, redis: background, study: background };
    free = done;
    served += costs.redisPerJob / 2;
    end = done;
    if (event.ends) {
      if (--left[event.worker] > 0) events.push({ at: done, worker: event.worker, ends: false });
      else present += done;
      continue;
    }
    const length = jobSeconds * (0.8 + 0.4 * rng.uniform());
    worked += length;
    events.push({ at: done + length, worker: event.worker, ends: true });
  }
  const jobsPerSecond = (workers * ROUNDS) / end;
  return {
    workers,
    jobSeconds,
    efficiency: worked / present,
    redis: served / end + background,
    study: jobsPerSecond * costs.studyPerJob + (workers / TELL) * costs.studyPerMessage,
  };
}

interface Event {
  at: number;
  worker: number;
  /** Whether a job ends; else the worker asks for one. */
  ends: boolean;
}

/** Events by time: a binary heap. */
class Queue {
  private readonly heap: Event[] = [];

  push(event: Event) {
    const { heap } = this;
    let i = heap.push(event) - 1;
    for (let up = (i - 1) >> 1; i > 0 && heap[up].at > heap[i].at; up = (i - 1) >> 1) {
      [heap[up], heap[i]] = [heap[i], heap[up]];
      i = up;
    }
  }

  pop(): Event | undefined {
    const { heap } = this;
    const first = heap[0];
    const last = heap.pop();
    if (heap.length === 0 || last === undefined) return first;
    heap[0] = last;
    for (let i = 0; ; ) {
      const [a, b] = [2 * i + 1, 2 * i + 2];
      let least = i;
      if (a < heap.length && heap[a].at < heap[least].at) least = a;
      if (b < heap.length && heap[b].at < heap[least].at) least = b;
      if (least === i) return first;
      [heap[least], heap[i]] = [heap[i], heap[least]];
      i = least;
    }
  }
}
