import type { RunConfig } from '../config/options.js';
import type { WorkerContext } from '../execution/job.js';
import { hooksOf, type Message } from '../execution/messages.js';
import type { RunResult } from '../runs/documents.js';
import { type Compared, type CompareResult, compare } from './compare.js';
import { type CompareSeedsResult, compareSeeds } from './compare-seeds.js';
import { runSeeds, type SeedsResult } from './seeds.js';
import { runStudy, type StudyRequest, type StudyResult } from './study.js';
import { type WorkJob, work } from './work.js';

export interface CompareJob {
  compared: Compared[];
  path: string;
  resume: boolean;
}

export function compareJob(job: CompareJob, context: WorkerContext<Message>): Promise<CompareResult> {
  return compare(job.compared, { path: job.path, resume: job.resume, workers: true }, hooksOf(context));
}

/** Several attacks over several seeds. */
export function compareSeedsJob(job: CompareJob, context: WorkerContext<Message>): Promise<CompareSeedsResult> {
  return compareSeeds(job.compared, job.path, job.resume, hooksOf(context));
}

/** One attack over several seeds. */
export interface SeedsJob {
  /** One per seed. */
  configs: RunConfig[];
  path: string;
  resume: boolean;
}

export function seedsJob(job: SeedsJob, context: WorkerContext<Message>): Promise<SeedsResult> {
  return runSeeds(job.configs, job.path, job.resume, hooksOf(context));
}

/** One job of a planned study. */
export function workJob(job: WorkJob, context: WorkerContext<Message>): Promise<RunResult> {
  return work(job, context);
}

export function studyJob(request: StudyRequest, context: WorkerContext<Message>): Promise<StudyResult> {
  return runStudy(request, hooksOf(context));
}
