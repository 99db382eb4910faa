import type { RunConfig } from '../config/options.js';
import type { WorkerContext } from '../execution/job.js';
import { hooksOf, type Message } from '../execution/messages.js';
import { type CompareResult, compare } from './compare.js';
import { type ExperimentRequest, type ExperimentResult, experiment } from './study.js';

export interface CompareJob {
  configs: RunConfig[];
  path: string;
  resume: boolean;
}

export function compareJob(job: CompareJob, context: WorkerContext<Message>): Promise<CompareResult> {
  return compare(job.configs, job.path, job.resume, hooksOf(context));
}

export function experimentJob(request: ExperimentRequest, context: WorkerContext<Message>): Promise<ExperimentResult> {
  return experiment(request, hooksOf(context));
}
