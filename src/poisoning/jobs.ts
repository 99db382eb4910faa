import type { WorkerContext } from '../execution/job.js';
import { hooksOf, type Message } from '../execution/messages.js';
import { type PoisonRequest, type PoisonSummary, writePoisoned } from './export.js';
import { measureLook, type PerceiveRequest, type PerceiveSummary } from './perceive.js';

export function poisonJob(request: PoisonRequest, context: WorkerContext<Message>): Promise<PoisonSummary> {
  return writePoisoned(request, hooksOf(context));
}

export function perceiveJob(request: PerceiveRequest, context: WorkerContext<Message>): Promise<PerceiveSummary> {
  return measureLook(request, hooksOf(context));
}
