/**
 * Many runs as one piece of work: each in a folder named after its configuration, so that studies that share a folder
 * share their runs; as many at a time as there are cores, each on one thread, so that the numbers do not depend on how many
 * cores there are.
 */

import { join } from 'node:path';
import { eachAtOnce } from '../base/pool.js';
import { type Progress, type RunHooks, Stopped } from '../base/progress.js';
import type { EstimateRow } from '../dynamics/index.js';
import type { Executor } from '../execution/executor.js';
import type { StudyRun } from '../findings/types.js';
import { secondsOf } from '../pipeline/cost.js';
import { pipelineJobs } from '../pipeline/job-of.js';
import { reportOf } from '../pipeline/report.js';
import { makeRepresentation } from '../pipeline/representation.js';
import { RunDirectory } from '../runs/directory.js';
import type { RunResult } from '../runs/documents.js';
import { FREE, finished, type StudyPlan, threadsOf } from './plan.js';
import type { StudyOutcome } from './types.js';

/**
 * Carries out the runs of a plan that are not finished, and reads all of them. A run that diverges, or that a user error ends, is
 * reported and does not end the others. `alternatives`: estimates by other estimators too.
 */
export async function executePlan(
  plan: StudyPlan,
  out: string,
  executor: Executor,
  hooks: RunHooks,
  alternatives = false,
): Promise<StudyOutcome> {
  const failed: StudyOutcome['failed'] = [];
  const open = plan.runs.filter((r) => !r.done);
  const threads = threadsOf(plan.runs.map((r) => r.config));
  const meter = new Meter(plan, hooks);
  try {
    await eachAtOnce(open.length, executor.atOnce, async (i) => {
      const { name, config } = open[i];
      const job = { config, path: join(out, 'runs', name), resume: true, threads };
      try {
        const result = await executor.run(pipelineJobs('runJob'), job, { progress: (p) => meter.heard(i, p) });
        hooks.line?.(`${name}: ${describe(result)}`);
      } catch (error) {
        const { name: kind, message } = error as Error;
        if (kind !== 'DivergedError' && kind !== 'UserError') throw error;
        failed.push({ name, why: message });
        hooks.line?.(`${name}: ${message}`);
      }
      meter.end(i);
    });
    const wanted = alternatives ? plan.runs.filter((r) => !failed.some((f) => f.name === r.name)) : [];
    let made = 0;
    await eachAtOnce(wanted.length, executor.atOnce, async (i) => {
      await executor.run(pipelineJobs('alternativesJob'), { path: join(out, 'runs', wanted[i].name) });
      const progress = { stage: 'other estimators', done: ++made, total: wanted.length, unit: 'runs' };
      hooks.progress?.({ phase: 'estimate', ...progress });
    });
  } catch (error) {
    if ((error as Error).name !== 'Stopped') throw error;
    throw new Stopped(
      `stopped; ${meter.ended} of ${plan.runs.length} runs are done. To resume, give the same command.`,
    );
  }
  return { runs: await readRuns(plan, out), failed };
}

/** Progress of all runs as one: each counts with the seconds that the plan estimates for it. */
class Meter {
  /** Runs that ended, with a result or without one, those finished before included. */
  ended: number;
  private readonly runs: number;
  private readonly epochs: number[];
  private readonly seconds: number[];
  /** Share of each run that is done, 0 … 1. */
  private readonly share: number[];

  constructor(
    { runs, costs }: StudyPlan,
    private readonly hooks: RunHooks,
  ) {
    const open = runs.filter((r) => !r.done);
    this.runs = runs.length;
    this.ended = runs.length - open.length;
    this.epochs = open.map((r) => r.config.epochs);
    this.seconds = open.map((r) => secondsOf(costs.get(r.kind) ?? FREE) || 1);
    this.share = open.map(() => 0);
  }

  /**
   * Progress of run `i`. When training of epoch e ends, e − 1/2 epochs count as done, and e − 1/4 while epoch e is estimated: how long
   * estimates take, against training, differs from run to run.
   */
  heard(i: number, p: Progress) {
    const epochs = this.epochs[i];
    if (p.phase === 'train') this.share[i] = Math.max(this.share[i], p.done / p.total - 0.5 / epochs);
    else if (p.epoch !== undefined) this.share[i] = Math.max(this.share[i], (p.epoch - 0.25) / epochs);
    this.hooks.progress?.({
      phase: 'runs',
      stage: `run ${Math.min(this.runs, this.ended + 1)} of ${this.runs}`,
      done: this.share.reduce((s, x, k) => s + x * this.seconds[k], 0),
      total: this.seconds.reduce((a, b) => a + b, 0),
      unit: 'seconds of work',
    });
  }

  /** Run `i` has ended. */
  end(i: number) {
    this.share[i] = 1;
    this.ended++;
  }
}

/** The runs of a plan that have a result, in its order. */
async function readRuns(plan: StudyPlan, out: string): Promise<StudyRun[]> {
  const read: StudyRun[] = [];
  for (const { name, config } of plan.runs) {
    const path = join(out, 'runs', name);
    const result = await finished(path, config);
    if (!result) continue;
    const dir = await RunDirectory.read(path);
    const layers = (await dir.rows<EstimateRow>('information.jsonl')).filter((r) => r.layer !== config.layer![0]);
    await makeRepresentation(dir);
    const others = [...layers, ...(await dir.rows<EstimateRow>('information-others.jsonl'))];
    read.push({ name, config, result, report: await reportOf(dir), others });
  }
  return read;
}

function describe({ accuracy, asr, stealth }: RunResult): string {
  const success = asr === null ? '' : `, ASR ${asr.toFixed(3)}`;
  return `accuracy ${accuracy.toFixed(3)}${success}, S ${stealth.score?.toFixed(3) ?? '–'}`;
}
