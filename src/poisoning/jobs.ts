/** The jobs of this room, as a worker thread runs them. */
import type { WorkerContext } from '../execution/job.js';
import { hooksOf, type Message } from '../execution/messages.js';
import { type PoisonRequest, type PoisonSummary, writePoisoned } from './export.js';
import { type TextPoisonRequest, writePoisonedTexts } from './export-texts.js';
import { measureVisibility, type PerceiveRequest, type PerceiveSummary } from './perceive.js';

/** Job of `ibscope poison`. */
export function poisonJob(request: PoisonRequest, context: WorkerContext<Message>): Promise<PoisonSummary> {
  return writePoisoned(request, hooksOf(context));
}

/** Job of `ibscope poison` of texts. */
export function poisonTextsJob(request: TextPoisonRequest, context: WorkerContext<Message>): Promise<PoisonSummary> {
  return writePoisonedTexts(request, hooksOf(context));
}

/** Job of `ibscope perceive`. */
export function perceiveJob(request: PerceiveRequest, context: WorkerContext<Message>): Promise<PerceiveSummary> {
  return measureVisibility(request, hooksOf(context));
}
