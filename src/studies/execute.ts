/**
 * Many runs as one piece of work: each in a folder named after its configuration, so that experiments that share a folder
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
import type { RunResult } from '../runs/documents.js';
import { RunDirectory } from '../runs/directory.js';
import { FREE, finished, type StudyPlan, threadsOf } from './plan.js';
import type { StudyOutcome } from './types.js';

/**
 * Does what is left of a plan, and reads all of it back. A run that diverges is reported and does not end the others.
 * `alternatives`: estimates by other estimators too.
 */
export async function executePlan(
  plan: StudyPlan,
  out: string,
  executor: Executor,
  hooks: RunHooks,
  alternatives = false,
): Promise<StudyOutcome> {
  const { runs, costs } = plan;
  const threads = threadsOf(runs.map((r) => r.config));
  const open = runs.filter((r) => !r.done);
  const weight = open.map((r) => secondsOf(costs.get(r.kind) ?? FREE) || 1);
  const total = weight.reduce((a, b) => a + b, 0);
  const share = new Float64Array(open.length);
  const failed: StudyOutcome['failed'] = [];
  let ended = runs.length - open.length;
  const report = () =>
    hooks.progress?.({
      phase: 'runs',
      stage: `run ${Math.min(runs.length, ended + 1)} of ${runs.length}`,
      done: share.reduce((s, x, i) => s + x * weight[i], 0),
      total,
      unit: 'seconds of work',
    });
  try {
    await eachAtOnce(open.length, executor.atOnce, async (i) => {
      const { name, config } = open[i];
      const job = { config, path: join(out, 'runs', name), resume: true, threads };
      const place = (p: Progress) => {
        if (p.phase === 'train') share[i] = Math.max(share[i], p.done / p.total - 0.5 / config.epochs);
        else if (p.epoch !== undefined) share[i] = Math.max(share[i], (p.epoch - 0.25) / config.epochs);
        report();
      };
      try {
        const result = await executor.run(pipelineJobs('runJob'), job, { progress: place });
        hooks.line?.(`${name}: ${describe(result)}`);
      } catch (error) {
        const { name: kind, message } = error as Error;
        if (kind !== 'DivergedError' && kind !== 'UserError') throw error;
        failed.push({ name, why: message });
        hooks.line?.(`${name}: ${message}`);
      }
      share[i] = 1;
      ended++;
    });
    const wanted = alternatives ? runs.filter((r) => !failed.some((f) => f.name === r.name)) : [];
    let made = 0;
    await eachAtOnce(wanted.length, executor.atOnce, async (i) => {
      await executor.run(pipelineJobs('alternativesJob'), { path: join(out, 'runs', wanted[i].name) });
      hooks.progress?.({
        phase: 'estimate',
        stage: 'other estimators',
        done: ++made,
        total: wanted.length,
        unit: 'runs',
      });
    });
  } catch (error) {
    if ((error as Error).name !== 'Stopped') throw error;
    throw new Stopped(`stopped; ${ended} of ${runs.length} runs are done. To go on, give the same command.`);
  }
  return { runs: await readRuns(plan, out), failed };
}

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
