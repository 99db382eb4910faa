/** What runs in the worker thread: plain data in, plain data out. Each job loads what it needs, so that a short one starts at once. */

import { UserError } from '../base/errors.js';
import type { RunConfig } from '../config/options.js';
import { limitThreads } from '../engine/devices.js';
import type { WorkerContext } from '../execution/job.js';
import { hooksOf, type Message } from '../execution/messages.js';
import type { EmbeddingMethod } from '../representation/index.js';
import { RunDirectory } from '../runs/directory.js';
import type { RunResult } from '../runs/documents.js';
import type { RunGroups } from './group-sizes.js';
import type { RunCost } from './run-cost.js';
import type { ThreeSpaces } from './three-spaces.js';

export interface RunJob {
  config: RunConfig;
  path: string;
  resume: boolean;
  /** Threads of ONNX Runtime; 0 or absent: all cores. */
  threads?: number;
}

export async function runJob(job: RunJob, context: WorkerContext<Message>): Promise<RunResult> {
  const { run } = await import('./run.js');
  limitThreads(job.threads ?? 0);
  return run(job.config, job.path, job.resume, hooksOf(context));
}

/** The groups of each run, see `runGroups`. */
export async function groupSizesJob({ configs }: { configs: readonly RunConfig[] }): Promise<RunGroups[]> {
  const { runGroups } = await import('./group-sizes.js');
  return runGroups(configs);
}

export interface CostJob {
  config: RunConfig;
  threads: number;
}

export async function costJob({ config, threads }: CostJob): Promise<RunCost> {
  const { costOf } = await import('./cost.js');
  limitThreads(threads);
  return costOf(config);
}

/** Other estimators on the probes of a finished run. */
export async function alternativesJob({ path }: { path: string }): Promise<void> {
  const { makeAlternatives } = await import('./alternatives.js');
  limitThreads(1);
  await makeAlternatives(await RunDirectory.read(path), () => {});
}

export interface EmbedJob {
  path: string;
  method: EmbeddingMethod;
  seed: number;
}

/** Makes the pictures of T that are not there yet, and the report with them. */
export async function embedJob(job: EmbedJob, context: WorkerContext<Message>): Promise<{ report: string }> {
  const dir = await RunDirectory.read(job.path);
  if ((await dir.probes()).length === 0)
    throw new UserError(
      `${job.path}: it has no probes; a study deletes those of a finished run unless --keep-probes is given`,
    );
  const { progress } = hooksOf(context);
  const [{ makeEmbedding }, { finish }] = await Promise.all([import('./embedding.js'), import('./result.js')]);
  await makeEmbedding(dir, job.method, job.seed, (done, total) =>
    progress?.({ phase: 'embed', stage: `${job.method} of T`, done, total, unit: 'checkpoints' }),
  );
  return { report: (await finish(dir)).report };
}

export interface StealthJob {
  path: string;
  /** Folder of a run of attack `none`. */
  clean?: string;
}

/** See `threeSpaces`. */
export async function stealthJob({ path, clean }: StealthJob, context: WorkerContext<Message>): Promise<ThreeSpaces> {
  const { threeSpaces } = await import('./three-spaces.js');
  limitThreads(0);
  return threeSpaces(path, clean, hooksOf(context));
}
