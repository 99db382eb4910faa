/** `ibscope experiment`: plans a study, does what is left of it, and writes its report. */
import { mkdir } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { findNamed } from '../base/errors.js';
import { tidyRuns } from '../dynamics/index.js';
import { writeAtomic } from '../formats/files.js';
import { type Block, renderStudy, type StudyReport, type StudySection, studyMarkdown } from '../report/index.js';
import type { RunCost } from './cost.js';
import type { RunHooks } from './hooks.js';
import { studies } from './studies/index.js';
import type { StudyOptions } from './studies/types.js';
import { planStudy, runStudy, type StudyPlan, type StudyRun } from './study.js';

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
  const { name, options, out, jobs, dryRun, markdown } = request;
  const study = findNamed('experiment', name, studies);
  const configs = study.plan(options);
  if (!dryRun) await mkdir(out, { recursive: true });
  const plan = await planStudy(configs, out, jobs, hooks, !dryRun);
  const open = plan.runs.filter((r) => !r.done).length;
  const planned: ExperimentResult = {
    experiment: name,
    dir: out,
    runs: plan.runs.length,
    done: plan.runs.length - open,
    secondsPlanned: plan.seconds,
    atOnce: plan.atOnce,
    costs: costsOf(plan),
  };
  if (dryRun) return planned;
  if (open > 0)
    hooks.line?.(
      `${open} of ${plan.runs.length} runs to do, ${plan.atOnce} at a time: about ${hours(plan.seconds)} on this machine, from timed steps`,
    );
  const outcome = await runStudy(plan, out, hooks, study.alternatives);
  const summary = await study.report(outcome, options);
  const report = join(out, `${name}.html`);
  await writeAtomic(report, renderStudy(summary));
  const result = { ...planned, failed: outcome.failed, summary: withoutDrawings(summary) };
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
function costsOf({ runs, costs, kinds }: StudyPlan): ExperimentResult['costs'] {
  return [...costs].map(([kind, cost]) => {
    const same = runs.filter((r) => !r.done && kinds.get(r.name) === kind);
    return { runs: same.length, like: same[0].name, ...cost };
  });
}

/** `1 h 20 min`, `3 min`. */
export function hours(seconds: number): string {
  const minutes = Math.max(1, Math.round(seconds / 60));
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
