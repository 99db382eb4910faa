/** One attack over several seeds: what a single training cannot tell from chance. */
import { join } from 'node:path';
import type { RunHooks } from '../base/progress.js';
import type { RunConfig } from '../config/options.js';
import {
  type Average,
  exceedanceOverSeeds,
  type GapParts,
  integrationGap,
  type StealthQuantity,
} from '../dynamics/index.js';
import { meanScore } from '../findings/scores.js';
import { settings } from '../findings/settings.js';
import type { StudyRun } from '../findings/types.js';
import { writeAtomic } from '../formats/files.js';
import { chanceText } from '../report/headline.js';
import { decimal, renderStudy, type StudyReport } from '../report/index.js';
import type { RunResult } from '../runs/documents.js';
import {
  failedSection,
  fileWord,
  footer,
  RUN_HEAD,
  runCells,
  scoresBlock,
  settingWords,
  trajectoryBlocks,
} from './sections.js';
import { runTogether } from './together.js';
import type { StudyOutcome } from './types.js';

/** What `ibscope run --seeds --json` prints, and its `result.json`. */
export interface SeedsResult {
  dir: string;
  attack: string;
  dataset: string;
  model: string;
  seeds: number[];
  /** Results in the order of the seeds. */
  rows: RunResult[];
  /** Mean S over seeds with its 95 % interval (from D, Student over seeds); the interval is [NaN, NaN] for one seed. */
  score: Pick<Average, 'mean' | 'interval' | 'n'>;
  /**
   * How likely one more clean class has, on average over the seeds, so large an integration gap: Student's law of log gaps averaged over
   * seeds, classes as random effects. Null for critics, and without a null.
   */
  p: number | null;
  /** What the page's head says, a paragraph each. */
  verdict: string[];
  report: string;
  seconds: number;
}

/** Runs the seeds in folders `runs/seed-N` of `path`, as many at a time as there are cores, and reports over them. */
export async function runSeeds(
  configs: readonly RunConfig[],
  path: string,
  resume: boolean,
  hooks: RunHooks,
): Promise<SeedsResult> {
  const requests = configs.map((config) => ({ name: `seed-${config.seed}`, config }));
  return runTogether(requests, { path, resume }, hooks, async (outcome) => {
    const over = { score: meanScore(outcome.runs), p: pOverSeeds(outcome.runs) };
    const file = join(path, 'report.html');
    const report = reportOver(outcome, over);
    await writeAtomic(file, await renderStudy(report));
    const result = { ...resultOf(outcome.runs, over, path, file), verdict: [report.lede].flat() };
    await writeAtomic(join(path, 'result.json'), `${JSON.stringify(result, null, 2)}\n`);
    return result;
  });
}

/** What holds over all seeds. */
interface OverSeeds {
  score: Average;
  p: number | null;
}

/** p over the seeds of one configuration; null where a run has no law of its own. */
export function pOverSeeds(runs: readonly StudyRun[]): number | null {
  const found = runs.flatMap(({ report: { stealth } }) => {
    const gaps = stealth?.null?.gapsByClass;
    if (!stealth || !gaps || stealth.score === null) return [];
    const parts = stealth.parts as Record<StealthQuantity, GapParts>;
    return [{ gaps, gap: integrationGap(parts, stealth.beta) }];
  });
  return found.length === runs.length ? exceedanceOverSeeds(found) : null;
}

function resultOf(
  runs: readonly StudyRun[],
  over: OverSeeds,
  dir: string,
  report: string,
): Omit<SeedsResult, 'verdict'> {
  const [{ config }] = runs;
  const { mean, interval, n } = over.score;
  return {
    dir,
    attack: config.attack,
    dataset: config.dataset,
    model: config.model,
    seeds: runs.map((r) => r.config.seed),
    rows: runs.map((r) => r.result),
    score: { mean, interval, n },
    p: over.p,
    report,
    seconds: runs.reduce((s, r) => s + r.result.seconds, 0),
  };
}

function reportOver(outcome: StudyOutcome, { score: s, p }: OverSeeds): StudyReport {
  const [setting] = settings(outcome.runs);
  const [repeated] = setting.attacks;
  const { runs } = repeated;
  const range = s.n > 1 ? ` (95 % ${decimal(s.interval[0], 2)} to ${decimal(s.interval[1], 2)})` : '';
  const name = fileWord(setting.dataset);
  return {
    title: `${repeated.label} on ${setting.dataset}, ${runs.length} seeds`,
    lede: `S is ${decimal(s.mean, 2)}${range} over ${runs.length} seeds.${p === null ? '' : ` Over all of them p is ${chanceText(p)}: how likely one more clean class has so large an integration gap on average.`}`,
    sections: [
      {
        id: 'seeds',
        title: 'Seeds',
        intro: settingWords(setting),
        blocks: [
          { kind: 'table', head: RUN_HEAD, rows: runs.map(runCells), inTerminal: true },
          scoresBlock(setting, name),
          ...trajectoryBlocks(setting, name),
        ],
      },
      ...failedSection(outcome),
    ],
    footer: footer(outcome),
  };
}
