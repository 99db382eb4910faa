import type { Progress, RunHooks } from '../base/progress.js';
import { secondsOf } from '../pipeline/run-cost.js';
import { FREE, type StudyPlan } from './plan.js';

/** Progress of all runs as one: each counts with the seconds that the plan estimates for it. */
export class Meter {
  /** Runs that ended, with a result or without one, those finished before included. */
  ended: number;
  private readonly epochs: number[];
  /** Of the runs that were not finished before; of the others 0. */
  private readonly seconds: number[];
  /** `seconds` as they were planned. */
  private readonly first: readonly number[];
  /** Share of each run that an earlier session did, 0 … 1; undefined before anything is heard of it. */
  private readonly before: (number | undefined)[];
  /** Share of the rest that is done, 0 … 1. */
  private readonly share: number[];
  /** Machine on which each run is made that an executor elsewhere has begun. */
  private readonly places = new Map<number, string>();

  constructor(
    { runs, costs }: Pick<StudyPlan, 'runs' | 'costs'>,
    private readonly hooks: RunHooks,
    /** Seconds of the work on each run after it is finished. */
    private readonly after: readonly number[] = runs.map(() => 0),
  ) {
    this.ended = runs.filter((r) => r.done).length;
    this.epochs = runs.map((r) => r.config.epochs);
    this.seconds = runs.map((r, i) => (r.done ? 0 : (secondsOf(costs.get(r.kind) ?? FREE) || 1) + after[i]));
    this.before = runs.map(() => undefined);
    this.share = runs.map(() => 0);
    this.first = this.seconds.slice();
  }

  /**
   * Progress of run `i`. When training of epoch e ends, e − 1/2 epochs count as done, and e − 1/4 while epoch e is estimated: how long
   * estimates take, against training, differs from run to run.
   */
  heard(i: number, p: Progress) {
    this.update(i, p);
    if (p.place !== undefined) this.places.set(i, p.place);
    this.hooks.progress?.({
      phase: 'runs',
      stage: `${this.ended} of ${this.share.length} runs done${this.elsewhere()}`,
      done: this.share.reduce((s, x, k) => s + x * this.seconds[k], 0),
      total: this.seconds.reduce((a, b) => a + b, 0),
      unit: 'seconds of work',
    });
  }

  private update(i: number, p: Progress) {
    if (p.phase !== 'train' && p.epoch === undefined) return;
    const epochs = this.epochs[i];
    const trained = p.phase === 'train' ? Math.max(0, p.done / p.total - 0.5 / epochs) : (p.epoch! - 0.25) / epochs;
    const heard = trained * (1 - this.after[i] / (this.first[i] || 1));
    if (this.before[i] === undefined) {
      // What an earlier session did is no work of this one: else a resumed run would look infinitely fast.
      this.before[i] = heard;
      this.seconds[i] *= 1 - heard;
    }
    const before = this.before[i];
    this.share[i] = Math.max(this.share[i], (heard - before) / (1 - before));
  }

  /** `, 5 running on 2 machines`: empty where no other machine has begun a run. */
  private elsewhere(): string {
    if (this.places.size === 0) return '';
    const machines = [...new Set(this.places.values())];
    return `, ${this.places.size} running on ${machines.length === 1 ? machines[0] : `${machines.length} machines`}`;
  }

  /** Run `i` has ended. */
  end(i: number) {
    this.places.delete(i);
    this.share[i] = 1;
    this.ended++;
  }
}
