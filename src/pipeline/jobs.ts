/** What runs in the worker thread: plain data in, plain data out. */

import { UserError } from '../base/errors.js';
import type { RunConfig } from '../config/options.js';
import { limitThreads } from '../engine/index.js';
import type { WorkerContext } from '../execution/job.js';
import { hooksOf, type Message } from '../execution/messages.js';
import type { EmbeddingMethod } from '../representation/index.js';
import { RunDirectory } from '../runs/directory.js';
import type { RunResult } from '../runs/documents.js';
import { makeAlternatives } from './alternatives.js';
import { costOf, type RunCost } from './cost.js';
import { makeEmbedding } from './embedding.js';
import { type RunGroups, runGroups } from './group-sizes.js';
import { finish } from './result.js';
import { run } from './run.js';
import { type ThreeSpaces, threeSpaces } from './three-spaces.js';

export interface RunJob {
  config: RunConfig;
  path: string;
  resume: boolean;
  /** Threads of ONNX Runtime; 0 or absent: all cores. */
  threads?: number;
}

export function runJob(job: RunJob, context: WorkerContext<Message>): Promise<RunResult> {
  limitThreads(job.threads ?? 0);
  return run(job.config, job.path, job.resume, hooksOf(context));
}

/** The groups of each run, see `runGroups`. */
export function groupSizesJob({ configs }: { configs: readonly RunConfig[] }): Promise<RunGroups[]> {
  return runGroups(configs);
}

export interface CostJob {
  config: RunConfig;
  threads: number;
}

export function costJob({ config, threads }: CostJob): Promise<RunCost> {
  limitThreads(threads);
  return costOf(config);
}

/** Other estimators on the probes of a finished run. */
export async function alternativesJob({ path }: { path: string }): Promise<void> {
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
export function stealthJob({ path, clean }: StealthJob, context: WorkerContext<Message>): Promise<ThreeSpaces> {
  limitThreads(0);
  return threeSpaces(path, clean, hooksOf(context));
}
