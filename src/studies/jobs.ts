import type { RunConfig } from '../config/options.js';
import type { WorkerContext } from '../execution/job.js';
import { hooksOf, type Message } from '../execution/messages.js';
import { type CompareResult, compare } from './compare.js';
import { runSeeds, type SeedsResult } from './seeds.js';
import { runStudy, type StudyRequest, type StudyResult } from './study.js';

export interface CompareJob {
  configs: RunConfig[];
  path: string;
  resume: boolean;
}

export function compareJob(job: CompareJob, context: WorkerContext<Message>): Promise<CompareResult> {
  return compare(job.configs, job.path, job.resume, hooksOf(context));
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

export function studyJob(request: StudyRequest, context: WorkerContext<Message>): Promise<StudyResult> {
  return runStudy(request, hooksOf(context));
}
