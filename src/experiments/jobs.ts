/** What runs in the worker thread: an experiment as plain data in, plain data out. */
import { mkdir, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import {
  type Audit,
  audit,
  auditTrace,
  checkNew,
  type Effort,
  type Findings,
  type Intervened,
  type Intervention,
  intervene,
  type JudgedOn,
  loadJudged,
  loadUnvouched,
  readFinished,
  SHEET,
  settingsFor,
  TRAINING,
  type Watched,
  type WholeDocument,
  wholeDocument,
  writeClean,
  writeFindings,
} from '../audit/index.js';
import { UserError } from '../base/errors.js';
import { limitThreads } from '../engine/index.js';
import type { WorkerContext } from '../engine/worker.js';
import { writingTo } from '../formats/files.js';
import type { EmbeddingMethod } from '../representation/index.js';
import { RunDirectory } from '../runs/directory.js';
import { makeAlternatives } from './alternatives.js';
import { type AnalyzeRequest, analyze } from './analyze.js';
import { type CompareResult, compare } from './compare.js';
import type { RunConfig, RunRequest } from './config.js';
import { costOf, type RunCost } from './cost.js';
import { type ExperimentRequest, type ExperimentResult, experiment } from './experiment.js';
import { type Progress, type RunHooks, Stopped } from './hooks.js';
import { layersOfOnnx, type OnnxRequest, traceOfOnnx } from './onnx-checkpoints.js';
import {
  measureLook,
  type PerceiveRequest,
  type PerceiveSummary,
  type PoisonRequest,
  type PoisonSummary,
  writePoisoned,
} from './poisoning.js';
import { prepare } from './prepare.js';
import { makeEmbedding } from './representation.js';
import { finish, type RunResult } from './result.js';
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
  /** Threads of ONNX Runtime; 0 or absent: all cores. */
  threads?: number;
}

export function runJob(job: RunJob, context: WorkerContext<Message>): Promise<RunResult> {
  limitThreads(job.threads ?? 0);
  return run(job.config, job.path, job.resume, hooksOf(context));
}

/** Samples in each group of a run, so that runs can be put on an equal footing; 0 where it has no groups. */
export async function groupSizeJob(
  { config }: { config: RunConfig },
  context: WorkerContext<Message>,
): Promise<number> {
  limitThreads(1);
  const { groups } = await prepare(config, hooksOf(context));
  return Number.isFinite(groups.size) ? groups.size : 0;
}

export interface CostJob {
  config: RunConfig;
  threads: number;
}

export async function costJob({ config, threads }: CostJob): Promise<RunCost> {
  limitThreads(threads);
  return costOf(config, await prepare(config));
}

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

export interface AuditJob {
  path: string;
  out: string;
  /** Folder of the set without its suspicious samples. */
  clean?: string;
  effort: Effort;
  seed: number;
  /** Goes on with one that was stopped. */
  resume: boolean;
  /** What is done about a suspicious set, and the images that is judged by. */
  interventions: Intervention[];
  test?: string;
  triggered?: string;
}

export interface AuditOutcome {
  document: WholeDocument;
  out: string;
  sheet: string;
  cleaned: { path: string; images: number } | null;
}

export async function auditJob(job: AuditJob, context: WorkerContext<Message>): Promise<AuditOutcome> {
  const clean = job.clean === undefined ? undefined : resolve(job.clean);
  if (clean === resolve(job.out))
    throw new UserError(`--write-clean ${job.clean}: --out is the same folder; name another`);
  await checkNew('--out', job.out, job.resume);
  if (job.clean !== undefined) await checkNew('--write-clean', job.clean);
  const hooks = hooksOf(context);
  hooks.progress?.({ stage: 'images', done: 0, total: 1, unit: 'set' });
  const unvouched = await loadUnvouched(job.path);
  const { kind, set } = unvouched;
  if (kind === 'trace' && job.clean !== undefined)
    throw new UserError(`--write-clean ${job.clean}: ${job.path} is a run, and holds only some samples of its set`);
  if (kind === 'trace' && job.interventions.length > 0)
    throw new UserError(`--intervene: ${job.path} is a run; audit the set that it was trained on`);
  const judgedOn: JudgedOn = {};
  for (const which of ['test', 'triggered'] as const)
    if (job[which] !== undefined) judgedOn[which] = await loadJudged(`--${which}`, job[which], unvouched);
  // Before the training, so that nothing is lost to a place where nothing can be written.
  for (const [flag, path] of Object.entries({ '--out': job.out, '--write-clean': job.clean }))
    if (path !== undefined) await writingTo(path, () => mkdir(dirname(resolve(path)), { recursive: true }), flag);
  const sheet = join(job.out, SHEET);
  const without = async (document: WholeDocument) => {
    // A copy of the whole set would pass for a clean one.
    const writes = clean !== undefined && (document.suspicious.length > 0 || document.verdict === 'nothing found');
    return writes ? { path: job.clean!, images: await writeClean(unvouched, document, clean) } : null;
  };
  const finished = job.resume ? await readFinished(unvouched, job, job.out) : null;
  if (finished) {
    if (job.interventions.length > 0)
      throw new UserError(`--intervene: the audit in ${job.out} is finished, and its networks are gone; audit again`);
    return { document: finished, out: job.out, sheet, cleaned: await without(finished) };
  }
  const keep = join(job.out, TRAINING);
  let done: Intervened[] = [];
  const act = async (watched: Watched, findings: Findings) => {
    if (job.interventions.length === 0) return;
    const settings = settingsFor(set.n, job);
    done = await intervene(unvouched, watched, findings, job.interventions, settings, judgedOn, hooks);
  };
  let found: Audit;
  try {
    if (kind === 'trace') found = await auditTrace(unvouched, job, hooks);
    else found = await audit(unvouched, { ...job, keep }, hooks, act);
  } catch (error) {
    if (!(error instanceof Stopped)) throw error;
    throw new Stopped(
      kind === 'trace' ? 'stopped.' : `stopped. To go on, give the same command with --out ${job.out} --resume.`,
    );
  }
  const document = wholeDocument(unvouched, job, found, done);
  await writeFindings(unvouched, found, document, done, job.out);
  const cleaned = await without(document);
  await rm(keep, { force: true });
  return { document, out: job.out, sheet, cleaned };
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
  if ((await dir.probes()).length === 0) throw new UserError(`${job.path}: nothing of this run was probed`);
  const { progress } = hooksOf(context);
  await makeEmbedding(dir, job.method, job.seed, (done, total) =>
    progress?.({ stage: `${job.method} of T`, done, total, unit: 'checkpoints' }),
  );
  return { report: (await finish(dir)).report };
}

export function poisonJob(request: PoisonRequest, context: WorkerContext<Message>): Promise<PoisonSummary> {
  return writePoisoned(request, hooksOf(context));
}

export function perceiveJob(request: PerceiveRequest, context: WorkerContext<Message>): Promise<PerceiveSummary> {
  return measureLook(request, hooksOf(context));
}
