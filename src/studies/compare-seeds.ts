/** Several attacks over several seeds: which is stealthier, and what the seeds leave open. */
import { join } from 'node:path';
import type { RunHooks } from '../base/progress.js';
import { pairBlocks } from '../findings/pair-tables.js';
import { pairsLede } from '../findings/pair-words.js';
import { type Pair, pairsOf, ranksOf } from '../findings/pairs.js';
import { meanScore } from '../findings/scores.js';
import { type Repeated, settings } from '../findings/settings.js';
import { meanAsr } from '../findings/success.js';
import type { StudyRun } from '../findings/types.js';
import { writeAtomic } from '../formats/files.js';
import { type Cell, type GalleryImage, renderStudy, type StudyReport, settingsWords } from '../report/index.js';
import type { RunResult } from '../runs/documents.js';
import type { Compared } from './compare.js';
import {
  failedSection,
  fileWord,
  footer,
  perceptionFigures,
  RUN_HEAD,
  runCells,
  scoresBlock,
  trajectoryBlocks,
} from './sections.js';
import { runTogether } from './together.js';
import type { StudyOutcome } from './types.js';

/** What `ibscope compare --seeds --json` prints, and its `result.json`. */
export interface CompareSeedsResult {
  dir: string;
  seeds: number[];
  /** One per attack and seed. */
  rows: (RunResult & { seed: number })[];
  /** Every two attacks: S of the first minus S of the second, paired by seed. */
  pairs: {
    first: string;
    second: string;
    difference: number;
    interval: readonly [number, number] | null;
    seeds: number;
    p: number | null;
    /** Corrected for the number of pairs (Holm). */
    adjusted: number | null;
  }[];
  /** The highest mean S first; `best` and `worst`: the ranks that the pairs do not rule out, at 95 %. */
  ranks: { attack: string; rank: number; best: number; worst: number; score: number; asr: number | null }[];
  /** What the page's head says, a paragraph each. */
  verdict: string[];
  report: string;
  seconds: number;
}

/** Runs every attack at every seed in folders `runs/NAME` of `path`, as many at a time as there are cores, and compares them. */
export function compareSeeds(
  compared: readonly Compared[],
  path: string,
  resume: boolean,
  hooks: RunHooks,
): Promise<CompareSeedsResult> {
  return runTogether(compared, { path, resume }, hooks, async (outcome) => {
    const attacks = settings(outcome.runs).flatMap((s) => s.attacks);
    const pairs = pairsOf(attacks);
    const report = reportOver(outcome, attacks, pairs);
    const file = join(path, 'report.html');
    await writeAtomic(file, await renderStudy(report));
    const result = resultOf(attacks, pairs, report, path, file);
    await writeAtomic(join(path, 'result.json'), `${JSON.stringify(result, null, 2)}\n`);
    return result;
  });
}

function resultOf(
  attacks: readonly Repeated[],
  pairs: readonly Pair[],
  { lede }: StudyReport,
  dir: string,
  report: string,
): CompareSeedsResult {
  const runs = attacks.flatMap((a) => a.runs);
  return {
    dir,
    seeds: seedsOf(runs),
    rows: runs.map((r) => ({ ...r.result, seed: r.config.seed })),
    pairs: pairs.map(({ first, second, effect, p, adjusted }) => ({
      first: first.label,
      second: second.label,
      difference: effect.effect,
      interval: effect.interval,
      seeds: effect.n,
      p,
      adjusted,
    })),
    ranks: ranksOf(attacks, pairs).map(({ attack, ...rank }) => ({
      attack: attack.label,
      ...rank,
      score: meanScore(attack.runs).mean,
      asr: meanAsr(attack.runs),
    })),
    verdict: [lede].flat(),
    report,
    seconds: runs.reduce((s, r) => s + r.result.seconds, 0),
  };
}

const seedsOf = (runs: readonly StudyRun[]) => [...new Set(runs.map((r) => r.config.seed))].sort((a, b) => a - b);

function reportOver(outcome: StudyOutcome, attacks: readonly Repeated[], pairs: readonly Pair[]): StudyReport {
  const [setting] = settings(outcome.runs);
  const name = fileWord(setting.dataset);
  const seeds = seedsOf(outcome.runs);
  const first = attacks.map((a) => a.runs[0].report);
  const named = attacks.map((a) => a.label);
  const perception = perceptionFigures(setting, name);
  const triggers = attacks.flatMap((a): GalleryImage[] => {
    const [image] = a.runs[0].report.gallery;
    return image ? [{ ...image, label: a.label }] : [];
  });
  return {
    title: `${named.slice(0, -1).join(', ')} against ${named.at(-1)} on ${setting.dataset}`,
    lede: pairsLede(attacks, pairs),
    sections: [
      {
        id: 'scores',
        title: `Stealth over ${seeds.length} seeds`,
        intro: settingsWords(first, seeds),
        blocks: [scoresBlock(setting, name), ...pairBlocks(attacks)],
      },
      ...(triggers.length > 0
        ? [{ id: 'triggers', title: 'Triggers', blocks: [{ kind: 'gallery' as const, images: triggers }] }]
        : []),
      { id: 'runs', title: 'Runs', blocks: [runTable(attacks)] },
      {
        id: 'information',
        title: 'Information',
        blocks: [
          ...trajectoryBlocks(setting, name),
          ...(perception.length > 0 ? [{ kind: 'figures' as const, figures: perception }] : []),
        ],
      },
      ...failedSection(outcome),
    ],
    footer: footer(outcome),
  };
}

/** Every run, with a link to its own page. */
function runTable(attacks: readonly Repeated[]) {
  const rows = attacks.flatMap((a) =>
    a.runs.map((run): Cell[] => [{ text: a.label, href: `runs/${run.name}/report.html` }, ...runCells(run)]),
  );
  return {
    kind: 'table' as const,
    head: ['attack', ...RUN_HEAD],
    rows,
    inTerminal: true,
  };
}
