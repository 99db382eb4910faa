/** `ibscope experiment`: plans a study, does what is left of it, and writes its report. */
import { mkdir } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { findNamed, UserError } from '../base/errors.js';
import { tidyRuns } from '../dynamics/index.js';
import { writeAtomic } from '../formats/files.js';
import { type Block, renderStudy, type StudyReport, type StudySection, studyMarkdown } from '../report/index.js';
import { checkFolder, lockFolder } from '../runs/directory.js';
import type { RunConfig } from './config.js';
import type { RunCost } from './cost.js';
import type { RunHooks } from './hooks.js';
import { onDevice } from './run.js';
import { studies } from './studies/index.js';
import type { Study, StudyOptions } from './studies/types.js';
import { datasetName, planStudy, runStudy, type StudyPlan, type StudyRun } from './study.js';

export interface ExperimentRequest {
  name: string;
  options: StudyOptions;
  /** Folder of the runs and the report; experiments in one folder share their runs. */
  out: string;
  /** Runs at a time; default one per core. */
  jobs?: number;
  /** Say what there is to do and how long it takes, and do nothing. */
  dryRun: boolean;
  /** Markdown file of the report besides the page; its figures go into a folder beside it. */
  markdown?: string;
}

/** No run of the experiment came to a result. */
export class ExperimentError extends Error {
  override name = 'ExperimentError';
  constructor(failed: readonly { name: string; why: string }[]) {
    super(`no run came to a result; the first: ${failed[0]?.why ?? 'there was none to do'}`);
  }
}

/** A report without its figures. */
type PlainReport = Omit<StudyReport, 'sections'> & {
  sections: (Omit<StudySection, 'blocks'> & { blocks: Exclude<Block, { kind: 'figures' }>[] })[];
};

export interface ExperimentResult {
  experiment: string;
  dir: string;
  /** Runs in all, and those that were done before. */
  runs: number;
  done: number;
  /** What is left, in seconds on this machine, at `atOnce` runs at a time. */
  secondsPlanned: number;
  atOnce: number;
  costs: ({ runs: number; like: string } & RunCost)[];
  /** Absent after a dry run. */
  report?: string;
  failed?: { name: string; why: string }[];
  summary?: PlainReport;
}

export async function experiment(request: ExperimentRequest, hooks: RunHooks): Promise<ExperimentResult> {
  const { name, options, out, dryRun, markdown } = request;
  const study = findNamed('experiment', name, studies);
  if (markdown !== undefined && !markdown.endsWith('.md'))
    throw new UserError(`--markdown ${markdown}: a file that ends in .md is expected`);
  const configs: RunConfig[] = [];
  // As `run` writes them: a device that is settled, the processor left unset.
  for (const config of study.plan(options)) configs.push(await onDevice(config, hooks));
  checkFolders(configs);
  await checkFolder(out, true);
  if (dryRun) return (await planned(configs, request, hooks)).result;
  await mkdir(out, { recursive: true });
  const unlock = lockFolder(out);
  try {
    return await carryOut(study, configs, request, hooks);
  } finally {
    unlock();
  }
}

/** Two folders of one name would share the names of their runs. */
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

async function planned(configs: RunConfig[], { name, out, jobs, dryRun }: ExperimentRequest, hooks: RunHooks) {
  const plan = await planStudy(configs, out, jobs, hooks, !dryRun);
  const open = plan.runs.filter((r) => !r.done).length;
  const result: ExperimentResult = {
    experiment: name,
    dir: out,
    runs: plan.runs.length,
    done: plan.runs.length - open,
    secondsPlanned: plan.seconds,
    atOnce: plan.atOnce,
    costs: costsOf(plan),
  };
  return { plan, open, result };
}

async function carryOut(
  study: Study,
  configs: RunConfig[],
  request: ExperimentRequest,
  hooks: RunHooks,
): Promise<ExperimentResult> {
  const { name, options, out, markdown } = request;
  const { plan, open, result: before } = await planned(configs, request, hooks);
  if (open > 0)
    hooks.line?.(
      `${open} of ${plan.runs.length} runs to do, ${plan.atOnce} at a time: about ${hours(plan.seconds)} on this machine, from timed steps`,
    );
  const outcome = await runStudy(plan, out, hooks, study.alternatives);
  const summary = await study.report(outcome, options);
  const report = join(out, `${name}.html`);
  await writeAtomic(report, renderStudy(summary));
  if (outcome.runs.length === 0) throw new ExperimentError(outcome.failed);
  const result = { ...before, failed: outcome.failed, summary: withoutDrawings(summary) };
  await writeAtomic(join(out, `${name}.json`), `${JSON.stringify(result, null, 2)}\n`);
  await writeAtomic(join(out, `${name}-trajectories.csv`), trajectoriesCsv(outcome.runs));
  if (markdown !== undefined) await writeMarkdown(summary, markdown);
  return { ...result, report };
}

/** The report as plain data: figures are drawn in the thread that has the numbers. */
function withoutDrawings(report: StudyReport): PlainReport {
  return {
    ...report,
    sections: report.sections.map((s) => ({ ...s, blocks: s.blocks.filter((b) => b.kind !== 'figures') })),
  };
}

/** All trajectories of an experiment as one tidy table, one line per point. */
function trajectoriesCsv(runs: readonly StudyRun[]): string {
  const rows = tidyRuns(
    runs.map(({ name, config, report, others }) => ({
      run: name,
      seed: config.seed,
      layer: config.layer![0],
      rows: [...report.information, ...others],
    })),
  );
  const head = ['run', 'seed', 'epoch', 'group', 'quantity', 'estimator', 'layer', 'nats', 'standardError'] as const;
  return `${[head.join(','), ...rows.map((r) => head.map((key) => r[key]).join(','))].join('\n')}\n`;
}

async function writeMarkdown(summary: StudyReport, file: string): Promise<void> {
  const folder = join(dirname(file), basename(file).replace(/\.md$/, ''));
  const { markdown, figures } = studyMarkdown(summary, relative(dirname(file), folder));
  if (figures.size > 0) await mkdir(folder, { recursive: true });
  for (const [name, svg] of figures) await writeAtomic(join(folder, name), svg);
  await writeAtomic(file, markdown);
}

/** The cost of one run of each kind, with how many there are of it. */
function costsOf({ runs, costs }: StudyPlan): ExperimentResult['costs'] {
  return [...costs].map(([kind, cost]) => {
    const same = runs.filter((r) => !r.done && r.kind === kind);
    return { runs: same.length, like: same[0].name, ...cost };
  });
}

/** `1 h 20 min`, `3 min`. */
export function hours(seconds: number): string {
  const minutes = Math.max(1, Math.round(seconds / 60));
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
