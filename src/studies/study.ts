/** `ibscope study`: plans a study, carries out the runs that are not finished, and writes its report. */

import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { findNamed, UserError } from '../base/errors.js';
import type { RunHooks } from '../base/progress.js';
import { onDevice } from '../config/device.js';
import { datasetName } from '../config/names.js';
import type { RunConfig } from '../config/options.js';
import type { Executor } from '../execution/executor.js';
import { LocalExecutor } from '../execution/local.js';
import { writeAtomic } from '../formats/files.js';
import { type RunCost, secondsOf } from '../pipeline/run-cost.js';
import { duration } from '../report/format.js';
import { checkFolder } from '../runs/directory.js';
import { takeLease } from '../runs/lease.js';
import { planIn, writePlan } from '../runs/study-plan.js';
import { detectionSeconds, detectorsOf } from './detection/asked.js';
import { askToKeepProbes, executePlan } from './execute.js';
import { type Elsewhere, executorAt, type Submitted } from './executors.js';
import { studies } from './index.js';
import { FREE, planStudy, runsAtOnce, type StudyPlan } from './plan.js';
import { openRows, studyRow } from './rows.js';
import type { Study, StudyOptions, StudyOutcome } from './types.js';
import type { PlainReport } from './write.js';

export interface StudyRequest {
  name: string;
  options: StudyOptions;
  /** Every run, as the study plans them under these options. */
  configs: RunConfig[];
  /** Folder of the runs and the report; studies in one folder share their runs. */
  out: string;
  /** Runs at a time; default one per core. */
  jobs?: number;
  /** Plan only: count the runs, estimate their time, and write nothing. */
  dryRun: boolean;
  /** Plan only, and write the jobs to this file, for `ibscope work`. */
  plan?: string;
  /** Other machines that make the runs. */
  elsewhere?: Elsewhere;
  /** Markdown file of the report besides the page; its figures go into a folder beside it. */
  markdown?: string;
  /** File to which every finished run appends a row. */
  rows?: string;
  /** Keeps probes and weights of finished runs. */
  keepProbes?: boolean;
}

/** The report of finished runs from the files of their rows. */
export interface RowsRequest extends Pick<StudyRequest, 'name' | 'options' | 'out' | 'markdown'> {
  fromRows: string[];
}

/** No run of the study has a result. */
export class StudyError extends Error {
  override name = 'StudyError';
  constructor(failed: readonly { name: string; why: string }[]) {
    super(`no run has a result; the first: ${failed[0]?.why ?? 'the study has no runs'}`);
  }
}

export interface StudyResult {
  /** Name of the study. The key is older than the word. */
  experiment: string;
  dir: string;
  /** Runs in total, and those that were finished before. */
  runs: number;
  done: number;
  /** Estimated seconds of the unfinished runs on this machine, at `atOnce` runs at a time. */
  secondsPlanned: number;
  /** Estimated seconds of the unfinished runs on one thread. */
  secondsOfWork: number;
  atOnce: number;
  costs: ({ runs: number; like: string } & RunCost)[];
  /** The file of the jobs, after `--plan`. */
  plan?: string;
  /** Jobs that were submitted, or are to be, where the command did not wait for them. */
  submitted?: Submitted;
  /** Absent where no run was made. */
  report?: string;
  failed?: { name: string; why: string }[];
  summary?: PlainReport;
}

export async function runStudy(request: StudyRequest, hooks: RunHooks): Promise<StudyResult> {
  const { name, out, dryRun, markdown } = request;
  const study = findNamed('study', name, studies);
  checkMarkdown(markdown);
  const configs: RunConfig[] = [];
  // As `run` writes them to run.json: with the device that `auto` means here, and the processor left unset.
  for (const config of request.configs) configs.push(await onDevice(config, hooks));
  checkFolders(configs);
  await checkFolder(out, true);
  const executor = new LocalExecutor(runsAtOnce(configs, request.jobs), () => hooks.shouldStop?.() ?? false);
  try {
    if (dryRun) return (await planned(configs, request, executor, hooks)).result;
    await mkdir(out, { recursive: true });
    const lease = takeLease(out);
    try {
      return await carryOut(study, configs, request, executor, hooks);
    } finally {
      lease.release();
    }
  } finally {
    executor.close();
  }
}

function checkMarkdown(markdown: string | undefined) {
  if (markdown !== undefined && !markdown.endsWith('.md'))
    throw new UserError(`--markdown ${markdown}: a file that ends in .md is expected`);
}

/** Runs are named after the folder of their data, so two folders of one name are refused. */
function checkFolders(configs: readonly RunConfig[]) {
  const seen = new Map<string, string>();
  for (const { dataset, dataDir } of configs) {
    const name = datasetName({ dataset, dataDir });
    const place = dataDir === undefined ? '' : resolve(dataDir);
    const other = seen.get(name);
    if (other !== undefined && other !== place)
      throw new UserError(`--data: ${other} and ${place} are both called ${name}; rename one of the folders`);
    seen.set(name, place);
  }
}

async function planned(configs: RunConfig[], request: StudyRequest, executor: Executor, hooks: RunHooks) {
  const { name, out, dryRun, options } = request;
  const timed = await planStudy(configs, out, executor, hooks, !dryRun);
  const plan = { ...timed, seconds: timed.seconds + judgingSeconds(timed, options) };
  const open = plan.runs.filter((r) => !r.done).length;
  const result: StudyResult = {
    experiment: name,
    dir: out,
    runs: plan.runs.length,
    done: plan.runs.length - open,
    secondsPlanned: plan.seconds,
    secondsOfWork: plan.work,
    atOnce: plan.atOnce,
    costs: costsOf(plan),
  };
  return { plan, open, result };
}

/** Seconds until detectors have judged the unfinished runs of a plan; 0 of a study that asks none. */
function judgingSeconds({ runs, atOnce }: StudyPlan, { detection }: StudyOptions): number {
  if (!detection) return 0;
  const asked = detectorsOf(runs.length, detection);
  const seconds = runs.flatMap(({ config, done }, i) => (done ? [] : detectionSeconds(config, asked[i].names)));
  return seconds.reduce((s, v) => s + v, 0) / Math.min(atOnce, Math.max(1, seconds.length));
}

async function carryOut(
  study: Study,
  configs: RunConfig[],
  request: StudyRequest,
  executor: Executor,
  hooks: RunHooks,
): Promise<StudyResult> {
  const { name, options, out, rows, keepProbes } = request;
  const addRow = rows === undefined ? undefined : await openRows(rows);
  const { plan, open, result: before } = await planned(configs, request, executor, hooks);
  // Detectors are shown the weights of a run after it has been made.
  const keeps = (keepProbes ?? false) || options.detection !== undefined;
  const jobs = planFileOf(study, plan, out);
  await writePlan(planIn(out, name), jobs);
  if (request.plan !== undefined) {
    await writePlan(request.plan, jobs);
    await askToKeepProbes(out, keeps);
    return { ...before, plan: request.plan };
  }
  if (open > 0)
    hooks.line?.(
      request.elsewhere
        ? `${open} of ${plan.runs.length} runs to do: about ${duration(plan.work)} of work, from timed steps on this machine`
        : `${open} of ${plan.runs.length} runs to do, ${plan.atOnce} at a time: about ${duration(plan.seconds)} on this machine, from timed steps`,
    );
  await askToKeepProbes(out, keeps);
  const runner = request.elsewhere
    ? await executorAt(request.elsewhere, { plan, file: jobs }, executor, hooks)
    : executor;
  if (!('run' in runner)) return { ...before, submitted: runner };
  const detectors =
    options.detection &&
    detectorsOf(plan.runs.length, options.detection).map((asked, i) => ({
      ...asked,
      seconds: detectionSeconds(plan.runs[i].config, asked.names),
    }));
  const outcome = await executePlan(plan, out, runner, hooks, {
    alternatives: study.alternatives,
    heard: addRow && ((run, document) => addRow((study.row ?? studyRow)(run, document))),
    keepProbes,
    detectors,
  }).finally(() => runner.close());
  return writeReport(study, outcome, request, before);
}

/** A study's report from the rows of finished runs: nothing is made, and the runs' folders are not needed. */
export async function studyFromRows(request: RowsRequest): Promise<StudyResult> {
  const { name, fromRows, out, markdown } = request;
  const study = findNamed('study', name, studies);
  checkMarkdown(markdown);
  await checkFolder(out, true);
  const { runsOfRows } = await import('./from-rows.js');
  const runs = await runsOfRows(fromRows, study.fromRows);
  await mkdir(out, { recursive: true });
  const nothing = { secondsPlanned: 0, secondsOfWork: 0, atOnce: 0, costs: [] };
  const before = { experiment: name, dir: out, runs: runs.length, done: runs.length, ...nothing };
  return writeReport(study, { runs, failed: [], fromRows: true }, request, before);
}

/** Writes the page, the tables and the Markdown of finished runs into the folder of the study. */
async function writeReport(
  study: Study,
  outcome: StudyOutcome,
  { name, options, out, markdown }: Pick<StudyRequest, 'name' | 'options' | 'out' | 'markdown'>,
  before: StudyResult,
): Promise<StudyResult> {
  const summary = await study.report(outcome, options);
  const report = join(out, `${name}.html`);
  const [{ renderStudy }, { trajectoriesCsv, withoutDrawings, writeMarkdown }] = await Promise.all([
    import('../report/index.js'),
    import('./write.js'),
  ]);
  await writeAtomic(report, await renderStudy(summary));
  if (outcome.runs.length === 0) throw new StudyError(outcome.failed);
  const result = { ...before, failed: outcome.failed, summary: withoutDrawings(summary) };
  await writeAtomic(join(out, `${name}.json`), `${JSON.stringify(result, null, 2)}\n`);
  if (outcome.runs.some(({ report }) => report.information.length > 0))
    await writeAtomic(join(out, `${name}-trajectories.csv`), trajectoriesCsv(outcome.runs));
  if (markdown !== undefined) await writeMarkdown(summary, markdown);
  return { ...result, report };
}

/** The jobs of a plan: all runs, so that their numbers stay the same while more and more are finished. */
function planFileOf({ name, alternatives = false }: Study, { runs, costs }: StudyPlan, out: string) {
  const jobs = runs.map(({ name, config, kind }) => ({ name, seconds: secondsOf(costs.get(kind) ?? FREE), config }));
  return { study: name, out, alternatives, jobs };
}

/** The cost of one run of each kind, and how many unfinished runs are of it. */
function costsOf({ runs, costs }: StudyPlan): StudyResult['costs'] {
  return [...costs].map(([kind, cost]) => {
    const same = runs.filter((r) => !r.done && r.kind === kind);
    return { runs: same.length, like: same[0].name, ...cost };
  });
}
