/** One job of a planned study, on any machine: the run, other estimates of its probes, and its probes deleted unless the study keeps them. */
import { stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { RunConfig } from '../config/options.js';
import type { EstimateRow } from '../dynamics/index.js';
import type { WorkerContext } from '../execution/job.js';
import type { Message } from '../execution/messages.js';
import { alternativesJob, runJob } from '../pipeline/jobs.js';
import { RunDirectory } from '../runs/directory.js';
import type { RunResult } from '../runs/documents.js';
import { finished, threadsOf } from './plan.js';

export interface WorkJob {
  config: RunConfig;
  /** Folder of the run, `OUT/runs/NAME`. */
  path: string;
  /** Estimates by other estimators too. */
  alternatives: boolean;
}

/** Whether the studies of a folder keep the probes of finished runs. */
export const keepsProbes = (out: string): Promise<boolean> =>
  stat(join(out, 'keep-probes')).then(
    () => true,
    () => false,
  );

/** Makes the run, or resumes it; a finished one is left as it is. */
export async function work(
  { config, path, alternatives }: WorkJob,
  context: WorkerContext<Message>,
): Promise<RunResult> {
  const job = { config, path, resume: true, threads: threadsOf([config]) };
  const result = (await finished(path, config)) ?? (await runJob(job, context));
  const dir = await RunDirectory.read(path);
  if (alternatives && (await dir.probes()).length > 0 && (await withoutOthers(dir)).length > 0)
    await alternativesUnderLease(path);
  if (!(await keepsProbes(dirname(dirname(path))))) await dir.forgetProbes();
  return result;
}

async function alternativesUnderLease(path: string) {
  const dir = await RunDirectory.open(path, true);
  try {
    await alternativesJob({ path });
  } finally {
    dir.unlock();
  }
}

/** Moments of a run that have estimates by its instrument, and none by other estimators. */
export async function withoutOthers(dir: RunDirectory): Promise<number[]> {
  const epochs = async (log: 'information.jsonl' | 'information-others.jsonl') =>
    new Set((await dir.rows<EstimateRow>(log)).map((r) => r.epoch));
  const made = await epochs('information-others.jsonl');
  return [...(await epochs('information.jsonl'))].filter((e) => !made.has(e));
}
