import type { RunRequest } from '../config/options.js';
import type { WorkerContext } from '../execution/job.js';
import { hooksOf, type Message } from '../execution/messages.js';
import type { RunResult } from '../runs/documents.js';
import { type AnalyzeRequest, analyze } from './analyze.js';
import { layersOfOnnx, type OnnxRequest, traceOfOnnx } from './onnx-checkpoints.js';

export interface AnalyzeJob extends AnalyzeRequest {
  /** ONNX files that the trace is made of first, and the data they are run on. */
  onnx?: OnnxRequest & { layer: string; data: RunRequest };
}

export async function analyzeJob(
  { onnx, ...request }: AnalyzeJob,
  context: WorkerContext<Message>,
): Promise<RunResult> {
  const hooks = hooksOf(context);
  if (onnx) await traceOfOnnx(onnx, { ...request.options, ...onnx.data }, request.path, hooks);
  return analyze(request, hooks);
}

export function layersJob(
  { onnx, data }: { onnx: OnnxRequest; data: RunRequest },
  context: WorkerContext<Message>,
): ReturnType<typeof layersOfOnnx> {
  return layersOfOnnx(onnx, data, hooksOf(context));
}
