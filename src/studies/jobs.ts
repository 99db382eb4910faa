/** The jobs of studies and comparisons. Each loads what it needs. */
import type { RunConfig } from '../config/options.js';
import type { WorkerContext } from '../execution/job.js';
import { hooksOf, type Message } from '../execution/messages.js';
import type { RunResult } from '../runs/documents.js';
import type { Compared, CompareResult } from './compare.js';
import type { CompareSeedsResult } from './compare-seeds.js';
import type { SeedsResult } from './seeds.js';
import type { RowsRequest, StudyRequest, StudyResult } from './study.js';
import type { WorkJob } from './work.js';

export interface CompareJob {
  compared: Compared[];
  path: string;
  resume: boolean;
}

export async function compareJob(job: CompareJob, context: WorkerContext<Message>): Promise<CompareResult> {
  const { compare } = await import('./compare.js');
  return compare(job.compared, { path: job.path, resume: job.resume, workers: true }, hooksOf(context));
}

/** Several attacks over several seeds. */
export async function compareSeedsJob(job: CompareJob, context: WorkerContext<Message>): Promise<CompareSeedsResult> {
  const { compareSeeds } = await import('./compare-seeds.js');
  return compareSeeds(job.compared, job.path, job.resume, hooksOf(context));
}

/** One attack over several seeds. */
export interface SeedsJob {
  /** One per seed. */
  configs: RunConfig[];
  path: string;
  resume: boolean;
}

export async function seedsJob(job: SeedsJob, context: WorkerContext<Message>): Promise<SeedsResult> {
  const { runSeeds } = await import('./seeds.js');
  return runSeeds(job.configs, job.path, job.resume, hooksOf(context));
}

/** One job of a planned study. */
export async function workJob(job: WorkJob, context: WorkerContext<Message>): Promise<RunResult> {
  const { work } = await import('./work.js');
  return work(job, context);
}

export async function studyJob(request: StudyRequest, context: WorkerContext<Message>): Promise<StudyResult> {
  const { runStudy } = await import('./study.js');
  return runStudy(request, hooksOf(context));
}

export async function studyFromRowsJob(request: RowsRequest): Promise<StudyResult> {
  const { studyFromRows } = await import('./study.js');
  return studyFromRows(request);
}
