/** The runner as a library's caller meets it: a request in place of a whole configuration, checked before anything is begun. */

import { UserError } from '../base/errors.js';
import { type RunConfig, type RunRequest, runOptions } from '../config/options.js';
import { resolveConfig as resolve } from '../config/resolve.js';
import type { EpochRow, EstimateRow } from '../dynamics/index.js';
import type { RunResult } from '../runs/documents.js';
import { run as runOne } from '../pipeline/run.js';
import { RunDirectory } from '../runs/directory.js';
import { readRun as readDocument } from '../runs/documents.js';
import { epochRow } from '../runs/epochs.js';
import { type CompareResult, compare as compareRuns } from '../studies/compare.js';
import { ANALYSIS_OPTIONS, analyze as analyzeTrace } from '../trace/analyze.js';
import { checkKeys, checkPath } from './check.js';
import { hooksOf, type RunOptions } from './hooks.js';

/**
 * A whole configuration from any part of it: the preset fills in the rest, `quick` unless `paper` is asked for. A configuration that
 * is whole already stays as it is. Throws `UserError` naming the option, by its flag on the command line, what it got and what is
 * allowed.
 */
export function resolveConfig(request: RunRequest): RunConfig {
  checkKeys('option', request, Object.keys(runOptions.shape));
  return resolve(request);
}

/**
 * Runs an experiment in the folder `path`: poisons, trains, probes, estimates, scores, and writes a report. With `resume` it goes on
 * with the run that is there, to the same numbers. Computes in this thread, and lets others have a turn between steps.
 * Rejects with `UserError` for a configuration, data or a folder that cannot be used, with `Stopped` where it was asked to end.
 */
export async function run(
  request: RunRequest,
  path: string,
  resume = false,
  options: RunOptions = {},
): Promise<RunResult> {
  const config = resolveConfig(request);
  checkPath(path);
  return runOne(config, path, resume, hooksOf(options));
}

/**
 * Runs several attacks on equal footing, each in a folder under `path` named after it, and writes a report that sets them side by
 * side. Requests differ in their attack; data, model and seed are meant to be the same. Rejects as `run`, and for an attack that is
 * named twice.
 */
export async function compare(
  requests: readonly RunRequest[],
  path: string,
  resume = false,
  options: RunOptions = {},
): Promise<CompareResult> {
  if (!Array.isArray(requests) || requests.length === 0)
    throw new UserError('compare: a list of at least one configuration is expected');
  const configs = requests.map(resolveConfig);
  const names = configs.map((c) => c.attack);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined)
    throw new UserError(`compare: attack "${twice}" is there twice; every run has a folder by its name`);
  checkPath(path);
  return compareRuns(configs, path, resume, hooksOf(options));
}

/** What `analyze` is asked. */
export interface AnalyzeRequest {
  /** Folder of the trace (docs/trace.md); results are written beside what is in it. */
  path: string;
  /** Options of the analysis: `critic`, `view`, `beta`, `window`, `score`, `probeSize`, `nullSplits`, `seed`. */
  options?: RunRequest;
  /** Goes on looking for new probes until the last epoch is there, or until it is stopped. Default false. */
  follow?: boolean;
}

/**
 * The analysis of a training that happened elsewhere: estimates, phases, score and report from its trace. Rejects with `UserError`
 * for a trace that is damaged or incomplete, naming the file and the array, and with `Stopped`.
 */
export async function analyze(request: AnalyzeRequest, options: RunOptions = {}): Promise<RunResult> {
  checkKeys('key of a request', request, ['path', 'options', 'follow']);
  checkPath(request.path);
  const asked = request.options ?? {};
  checkKeys('option of an analysis', asked, ANALYSIS_OPTIONS);
  resolve({ ...asked, attack: 'none' });
  return analyzeTrace({ path: request.path, options: asked, follow: request.follow ?? false }, hooksOf(options));
}

/** What a run or an analysed trace has written, as data. */
export interface RunRecord {
  config: RunConfig;
  /** Class names in the order of their numbers. */
  classes: string[];
  /** All estimates up to now: what `dynamics` works on. */
  estimates: EstimateRow[];
  /** Figures of every epoch that is done. */
  epochs: EpochRow[];
  /** Null before the end. */
  result: RunResult | null;
}

/** Reads the run in the folder `path`, finished or not. Rejects with `UserError` where there is none, or it is damaged. */
export async function readRun(path: string): Promise<RunRecord> {
  checkPath(path);
  const dir = await RunDirectory.read(path);
  const { config, classes } = await readDocument(dir);
  const events = await dir.rows('events.jsonl');
  return {
    config,
    classes,
    estimates: await dir.rows<EstimateRow>('information.jsonl'),
    epochs: events.flatMap((event) => epochRow(event) ?? []),
    result: await dir.readDocument<RunResult>('result.json'),
  };
}
