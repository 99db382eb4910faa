/** What runs in the worker thread: an experiment as plain data in, plain data out. */
import type { WorkerContext } from '../engine/worker.js';
import { type CompareResult, compare } from './compare.js';
import type { RunConfig } from './config.js';
import type { Progress, RunHooks } from './hooks.js';
import {
  measureLook,
  type PerceiveRequest,
  type PerceiveSummary,
  type PoisonRequest,
  type PoisonSummary,
  writePoisoned,
} from './poisoning.js';
import type { RunResult } from './result.js';
import { run } from './run.js';

export type Message = { progress: Progress } | { line: string };

const hooksOf = (context: WorkerContext<Message>): RunHooks => ({
  progress: (progress) => context.post({ progress }),
  line: (line) => context.post({ line }),
  shouldStop: context.shouldStop,
});

export interface RunJob {
  config: RunConfig;
  path: string;
  resume: boolean;
}

export function runJob(job: RunJob, context: WorkerContext<Message>): Promise<RunResult> {
  return run(job.config, job.path, job.resume, hooksOf(context));
}

export interface CompareJob {
  configs: RunConfig[];
  path: string;
  resume: boolean;
}

export function compareJob(job: CompareJob, context: WorkerContext<Message>): Promise<CompareResult> {
  return compare(job.configs, job.path, job.resume, hooksOf(context));
}

export function poisonJob(request: PoisonRequest, context: WorkerContext<Message>): Promise<PoisonSummary> {
  return writePoisoned(request, hooksOf(context));
}

export function perceiveJob(request: PerceiveRequest, context: WorkerContext<Message>): Promise<PerceiveSummary> {
  return measureLook(request, hooksOf(context));
}
