/** Runs, comparisons and analyses for callers of the library. Arguments are checked before any work starts. */

import { UserError } from '../base/errors.js';
import { type RunConfig, type RunRequest, runOptions } from '../config/options.js';
import { resolveConfig as resolve } from '../config/resolve.js';
import type { EpochRow, EstimateRow } from '../dynamics/index.js';
import { run as runOne } from '../pipeline/run.js';
import { RunDirectory } from '../runs/directory.js';
import type { RunResult } from '../runs/documents.js';
import { readRunDocument } from '../runs/documents.js';
import { epochRows } from '../runs/epochs.js';
import { type CompareResult, compare as compareRuns } from '../studies/compare.js';
import { analyze as analyzeTrace } from '../trace/analyze.js';
import { ANALYSIS_OPTIONS } from '../trace/options.js';
import { checkKeys, checkPath } from './check.js';
import { checkedHooks, type RunOptions } from './hooks.js';

/**
 * The complete configuration from any part of it. The preset fills in the rest; the default preset is `quick`. A complete configuration
 * stays unchanged. Throws `UserError` that names the option by its flag, the value, and what is allowed.
 */
export function resolveConfig(request: RunRequest): RunConfig {
  checkKeys('option', request, Object.keys(runOptions.shape));
  return resolve(request);
}

/**
 * One run in the folder `path`: poisons the data set, trains, probes, estimates, scores, and writes a report. With `resume` it resumes
 * the run in the folder and reaches the same numbers. The work runs in this thread; the event loop runs between steps. Rejects with
 * `UserError` for an invalid configuration, data set or folder, and with `Stopped` if it was stopped.
 */
export async function run(
  request: RunRequest,
  path: string,
  resume = false,
  options: RunOptions = {},
): Promise<RunResult> {
  const config = resolveConfig(request);
  checkPath(path);
  return runOne(config, path, resume, checkedHooks(options));
}

/**
 * Runs several attacks, each in the folder of its name under `path`, with groups of one size for all, and writes a report that compares
 * them. The requests differ in their attack; data set, model and seed should be the same. Rejects as `run`, and for an attack that occurs
 * twice.
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
    throw new UserError(`compare: attack "${twice}" occurs twice; each run has the folder of its attack's name`);
  checkPath(path);
  const compared = configs.map((config) => ({ name: config.attack, config }));
  return compareRuns(compared, { path, resume, workers: false }, checkedHooks(options));
}

/** Trace and options of `analyze`. */
export interface AnalyzeRequest {
  /** Folder of the trace (docs/trace.md); results are written into it. */
  path: string;
  /** Options of the analysis: `critic`, `view`, `beta`, `window`, `score`, `probeSize`, `nullSplits`, `seed`. */
  options?: RunRequest;
  /** Wait for further probes until the last epoch, or until stopped. Default false. */
  follow?: boolean;
}

/**
 * Analyses a training of another program: estimates, phases, score and report from its trace. Rejects with `UserError` that names the
 * file and array of a damaged or incomplete trace, and with `Stopped` if it was stopped.
 */
export async function analyze(request: AnalyzeRequest, options: RunOptions = {}): Promise<RunResult> {
  checkKeys('key of a request', request, ['path', 'options', 'follow']);
  checkPath(request.path);
  const asked = request.options ?? {};
  checkKeys('option of an analysis', asked, ANALYSIS_OPTIONS);
  resolve({ ...asked, attack: 'none' });
  const { path, follow = false } = request;
  return analyzeTrace({ path, options: asked, follow }, checkedHooks(options));
}

/** The files of a run or of an analysed trace, as data. */
export interface RunRecord {
  config: RunConfig;
  /** Class names in the order of their numbers. */
  classes: string[];
  /** All estimates so far: the table that the functions of `dynamics` take. */
  estimates: EstimateRow[];
  /** Figures of every completed epoch. */
  epochs: EpochRow[];
  /** Null before the end of the run. */
  result: RunResult | null;
}

/** Reads the run in the folder `path`, finished or not. Rejects with `UserError` if there is none or it is damaged. */
export async function readRun(path: string): Promise<RunRecord> {
  checkPath(path);
  const dir = await RunDirectory.read(path);
  const { config, classes } = await readRunDocument(dir);
  const events = await dir.rows('events.jsonl');
  return {
    config,
    classes,
    estimates: await dir.rows<EstimateRow>('information.jsonl'),
    epochs: epochRows(events),
    result: await dir.readDocument<RunResult>('result.json'),
  };
}
