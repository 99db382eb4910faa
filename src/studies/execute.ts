/**
 * Many runs as one piece of work: each in a folder named after its configuration, so that studies that share a folder
 * share their runs; as many at a time as there are cores, each on one thread, so that the numbers do not depend on how many
 * cores there are.
 */

import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { atMost, eachAtOnce } from '../base/pool.js';
import { type RunHooks, Stopped } from '../base/progress.js';
import type { RunConfig } from '../config/options.js';
import { detectionJobs } from '../detection/job-of.js';
import type { EstimateRow } from '../dynamics/index.js';
import type { Executor } from '../execution/executor.js';
import { writeAtomic } from '../formats/files.js';
import { pipelineJobs } from '../pipeline/job-of.js';
import { reportOf } from '../pipeline/report.js';
import { makeRepresentation } from '../pipeline/representation.js';
import { kappasIn, type ResolutionRow, resolvedAlternatives } from '../pipeline/resolution.js';
import { withRunningStatistics } from '../pipeline/running-statistics.js';
import { shareKappa } from '../pipeline/share-kappa.js';
import { RunDirectory } from '../runs/directory.js';
import {
  type DetectorsDocument,
  type RunDocument,
  type RunResult,
  readRunDocument,
  type ThreeSpacesDocument,
} from '../runs/documents.js';
import { forgetFailure, isOwnFault, writeFailure } from '../runs/failures.js';
import { runFolder } from '../runs/study-plan.js';
import { judgedRun } from './detection/row.js';
import { Meter } from './meter.js';
import { finished, type StudyPlan, threadsOf } from './plan.js';
import type { MadeRun, StudyOutcome } from './types.js';
import { keepsProbes, withoutOthers } from './work.js';

/** What is done with the runs of a plan besides making them. */
export interface Execution {
  /** Estimates by other estimators too. */
  alternatives?: boolean;
  /** Keeps probes and weights, here and in later studies in the folder; by default those of finished runs are deleted. */
  keepProbes?: boolean;
  /** Receives every finished run, as soon as it is finished, and again where its score changed. */
  heard?: (run: MadeRun, document: RunDocument) => void;
  /** Detectors that are asked about every run of the plan, and those that are asked again. */
  detectors?: { names: string[]; again: string[]; seconds: number }[];
}

/**
 * Carries out the runs of a plan that are not finished, and reads all of them. A run that diverges, or that a user error ends, is
 * reported and does not end the others.
 */
export async function executePlan(
  plan: StudyPlan,
  out: string,
  executor: Executor,
  hooks: RunHooks,
  options: Execution = {},
): Promise<StudyOutcome> {
  const keepProbes = await askToKeepProbes(out, options.keepProbes ?? false);
  if (!keepProbes) hooks.line?.(DELETED);
  const study = new Execute(plan, out, executor, hooks, { ...options, keepProbes });
  try {
    await eachAtOnce(plan.runs.length, executor.atOnce, (i) => study.carryOut(i));
    await study.compare();
  } catch (error) {
    if ((error as Error).name !== 'Stopped') throw error;
    throw new Stopped(`stopped; ${study.meter.ended} of ${plan.runs.length} runs are done`);
  }
  return { runs: study.runs.filter((r) => r !== null), failed: study.failed };
}

const DELETED = 'Probes and weights of finished runs are deleted; --keep-probes keeps them.';

/** Whether the studies of a folder keep probes: once one was asked to, all do, so that a later command deletes nothing by omission. */
export async function askToKeepProbes(out: string, asked: boolean): Promise<boolean> {
  if (asked) await writeAtomic(join(out, 'keep-probes'), '');
  return keepsProbes(out);
}

class Execute {
  readonly failed: StudyOutcome['failed'] = [];
  /** In the order of the plan; null for a run without a result. */
  readonly runs: (MadeRun | null)[];
  readonly meter: Meter;
  private readonly threads: number;
  /** An executor on other machines takes thousands of jobs at once; their results are read here. */
  private readonly aFewAtOnce: ReturnType<typeof atMost>;
  private estimated = 0;

  constructor(
    private readonly plan: StudyPlan,
    private readonly out: string,
    private readonly executor: Executor,
    private readonly hooks: RunHooks,
    private readonly options: Execution,
  ) {
    this.runs = plan.runs.map(() => null);
    this.meter = new Meter(
      plan,
      hooks,
      options.detectors?.map((d) => d.seconds),
    );
    this.threads = threadsOf(plan.runs.map((r) => r.config));
    this.aFewAtOnce = atMost(Math.min(executor.atOnce, availableParallelism()));
  }

  /** From a configuration to a row: run `i` of the plan. */
  async carryOut(i: number): Promise<void> {
    const { name, config, done } = this.plan.runs[i];
    const path = this.pathOf(i);
    if (!done && !(await this.make(i, path))) return;
    await this.aFewAtOnce(async () => {
      if ((await finished(path, config)) === null) return;
      const dir = await RunDirectory.read(path);
      if (this.options.alternatives) await this.makeOthers(name, dir);
      const asked = this.options.detectors ? await this.judge(i, this.options.detectors[i]) : [];
      if (!done) this.meter.end(i);
      if (asked === null) return;
      await this.read(i);
      if (!this.options.keepProbes) await dir.forgetProbes(asked);
    });
  }

  /** Asks detectors about a finished run. Returns the moments whose weights they were shown, or null where they cannot be asked. */
  private async judge(i: number, { names, again }: { names: string[]; again: string[] }): Promise<number[] | null> {
    const { name } = this.plan.runs[i];
    const job = { path: this.pathOf(i), names, again, threads: this.threads };
    try {
      return await this.executor.run(detectionJobs('judgeRunJob'), job);
    } catch (error) {
      const { name: kind, message } = error as Error;
      if (kind !== 'UserError') throw error;
      this.failed.push({ name, why: message });
      this.hooks.line?.(`${name}: ${message}`);
      return null;
    }
  }

  /** Reads a finished run, and hands it on. */
  private async read(i: number): Promise<void> {
    const { name, config } = this.plan.runs[i];
    const path = this.pathOf(i);
    const dir = await RunDirectory.read(path);
    const read = await readRun(name, config, (await finished(path, config))!, dir);
    this.runs[i] = read;
    this.options.heard?.(read, await readRunDocument(dir));
  }

  private pathOf(i: number): string {
    return runFolder(this.out, this.plan.runs[i].name);
  }

  /** Puts all runs that have a result at one κ, and reads those anew that had another. */
  async compare(): Promise<void> {
    const made = this.plan.runs.flatMap((_, i) => (this.runs[i] ? [i] : []));
    const changed = await shareKappa(made.map((i) => this.pathOf(i)));
    for (const i of made) {
      const spaces = this.runs[i]!.judged?.spaces;
      // The clean run that TUP is relative to may have been finished later.
      const late = spaces?.parameter.tac != null && spaces.parameter.tup === null;
      if (late) await this.judge(i, { names: [], again: [] });
      const atAnother = changed.includes(this.pathOf(i));
      if (atAnother || late) await this.read(i);
      if (!atAnother) continue;
      const { name, report } = this.runs[i]!;
      this.hooks.line?.(`${name}: S ${report.stealth?.score?.toFixed(3) ?? '–'} at the κ that all runs share`);
    }
  }

  /** Makes or resumes a run; returns whether it has a result. */
  private async make(i: number, path: string): Promise<boolean> {
    const { name, config } = this.plan.runs[i];
    const job = { config, path, resume: true, threads: this.threads };
    try {
      const result = await this.executor.run(pipelineJobs('runJob'), job, { progress: (p) => this.meter.heard(i, p) });
      this.hooks.line?.(`${[name, ...config.attackOption].join(' ')}: ${describe(result)}`);
      await forgetFailure(this.out, name);
      return true;
    } catch (error) {
      const { name: kind, message } = error as Error;
      if (kind !== 'DivergedError' && kind !== 'UserError' && kind !== 'RemoteError') throw error;
      if (isOwnFault(error)) await writeFailure(this.out, { name, kind, why: message });
      this.failed.push({ name, why: message });
      this.hooks.line?.(`${name}: ${message}`);
      this.meter.end(i);
      return false;
    }
  }

  /** Estimates by other estimators, as far as the probes are there. */
  private async makeOthers(name: string, dir: RunDirectory): Promise<void> {
    const open = await withoutOthers(dir);
    if (open.length > 0 && (await dir.probes()).length === 0)
      this.hooks.line?.(
        `${name}: its probes were deleted, so it has no estimates by other estimators; --keep-probes keeps those of new runs`,
      );
    else if (open.length > 0) await this.executor.run(pipelineJobs('alternativesJob'), { path: dir.path });
    const progress = { stage: 'other estimators', done: ++this.estimated, total: this.plan.runs.length, unit: 'runs' };
    this.hooks.progress?.({ phase: 'estimate', ...progress });
  }
}

/** A finished run as its folder has it. */
async function readRun(name: string, config: RunConfig, result: RunResult, dir: RunDirectory): Promise<MadeRun> {
  const rows = await dir.rows<EstimateRow>('information.jsonl');
  const layers = rows.filter((r) => r.layer !== undefined && r.layer !== config.layer![0]);
  await makeRepresentation(dir);
  const resolution = await dir.rows<ResolutionRow>('resolution.jsonl');
  const others = [
    ...layers,
    ...resolvedAlternatives(resolution, kappasIn(rows)),
    ...(await dir.rows<EstimateRow>('information-others.jsonl')),
  ];
  const running = await withRunningStatistics(dir, rows);
  const detectors = await dir.readDocument<DetectorsDocument>('detectors.json');
  const spaces = await dir.readDocument<ThreeSpacesDocument>('three-spaces.json');
  const run = { name, config, result, report: await reportOf(dir), others, running };
  return detectors && spaces ? { ...run, judged: judgedRun(run, { detectors, spaces }) } : run;
}

function describe({ accuracy, asr, stealth }: RunResult): string {
  const success = asr === null ? '' : `, ASR ${asr.toFixed(3)}`;
  return `accuracy ${accuracy.toFixed(3)}${success}, S ${stealth.score?.toFixed(3) ?? '–'} at a κ of its own`;
}
