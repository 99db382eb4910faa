/** The report of a sweep: a table of trials, the frontier of ASR against S, parallel coordinates, and the best trial. */
import { groupBy } from '../base/group-by.js';
import { datasetName } from '../config/names.js';
import { SUCCESS } from '../dynamics/types.js';
import { chanceText, noNullWords } from '../report/headline.js';
import {
  type Block,
  type Cell,
  decimal,
  frontierFigure,
  parallelFigure,
  type StudyReport,
  type StudySection,
} from '../report/index.js';
import { failedSection, fileWord, footer } from './sections.js';
import { type Best, bestTrial, commandOfTrial, isScored, RULES, type Trial, trialsOf } from './trials.js';
import type { StudyOptions, StudyOutcome, VariedOption } from './types.js';

/** The trials on one data set. */
interface Swept {
  dataset: string;
  trials: Trial[];
  best: Best | null;
  vary: readonly VariedOption[];
}

export function sweepReport(outcome: StudyOutcome, { sweep }: StudyOptions): StudyReport {
  const vary = sweep?.vary ?? [];
  const all = groupBy(outcome.runs, (r) => datasetName(r.config)).map((runs): Swept => {
    const trials = trialsOf(runs, vary);
    return { dataset: datasetName(runs[0].config), trials, best: bestTrial(trials), vary };
  });
  return {
    title: `Success against stealth over ${listed(vary.map(nameOf))}`,
    lede: all.map(ledeOf).join(' '),
    sections: [...all.map(section), ...failedSection(outcome)],
    footer: footer(outcome),
    data: { rules: RULES, datasets: all.map(dataOf) },
  };
}

const nameOf = ({ name }: VariedOption) => name.replaceAll('-', ' ');

/** `alpha`, `alpha and lr`, `alpha, lr and width`; of nothing `trials`. */
const listed = (names: readonly string[]) =>
  names.length < 2 ? (names[0] ?? 'trials') : `${names.slice(0, -1).join(', ')} and ${names[names.length - 1]}`;

/** A trial in words: `trial 3 (blend, alpha 0.2)`. */
const words = ({ trial, attack, values }: Trial) =>
  `trial ${trial} (${[attack, ...Object.entries(values).flatMap(([name, v]) => (v === null ? [] : `${name.replaceAll('-', ' ')} ${v}`))].join(', ')})`;

function ledeOf({ dataset, trials, best }: Swept): string {
  const made = `${trials.length} trials on ${dataset}`;
  if (!best) return `${made}; none of them attacks, so there is no frontier.`;
  const on = trials.filter((t) => t.frontier).length;
  const { trial, rule } = best;
  return `${made}, ${on} of them on the frontier of ASR against S. The best is ${words(trial)}: S ${decimal(trial.score, 3)}, ASR ${decimal(trial.asr, 3)}, accuracy ${decimal(trial.accuracy, 3)}. It has ${RULES[rule]}.${seenInModel(trial)}`;
}

/** Whether the best trial is stealthy, which being the best does not say. */
const seenInModel = ({ p, answer }: Trial) =>
  answer === 'not judged'
    ? ''
    : answer === 'differs'
      ? ` It is not stealthy: information flows differently through its poisoned samples (p = ${chanceText(p)}).`
      : ` Its run shows no difference beyond that of two halves of a clean class (p = ${chanceText(p)}).`;

function section(swept: Swept): StudySection {
  const { dataset, trials, best } = swept;
  const seeds = [...new Set(trials.flatMap((t) => t.seeds))];
  const sizes = [...new Set(trials.map((t) => t.config.probeSize))];
  const repeated =
    seeds.length > 1
      ? `Means over the seeds ${seeds.join(', ')}; intervals are over seeds.`
      : `One seed (${seeds[0]}): how far S and ASR move from seed to seed is not known.`;
  const drawn = trials.filter(isScored);
  const unscored = groupBy(
    trials.filter((t) => t.reason !== null),
    (t) => t.reason!,
  );
  return {
    id: fileWord(dataset),
    title: dataset,
    intro: `${repeated} Groups have ${sizes.join(', ')} samples. A trial is on the frontier if no other one has at least its ASR and at least its S, and more of one of them; trials without S are not on it. p is the chance that two halves of one more clean class differ as much as the poisoned and clean samples of a trial do; it does not compare trials.`,
    blocks: [
      trialTable(swept),
      ...unscored.map((same): Block => ({ kind: 'text', text: `${noScore(same)}: ${same[0].reason}.` })),
      ...noNull(trials),
      ...(drawn.length > 0 ? [{ kind: 'figures' as const, figures: figuresOf(swept) }] : []),
      ...(best ? bestBlocks(best) : []),
    ],
  };
}

/** `Trial 3 has no score`, `Trials 1 and 2 have no score`. */
const noScore = (trials: readonly Trial[]) =>
  `Trial${trials.length > 1 ? 's' : ''} ${listed(trials.map((t) => String(t.trial)))} ${trials.length > 1 ? 'have' : 'has'} no score`;

/** Why trials with a score have no p. */
function noNull(trials: readonly Trial[]): Block[] {
  const bare = trials.filter((t) => isScored(t) && t.p === null && t.config.nullSplits > 0);
  if (bare.length === 0) return [];
  const known = bare.flatMap((t) => t.tooFewForNull ?? []);
  const smallest = known.length > 0 ? Math.min(...known) : undefined;
  const which = `Trial${bare.length > 1 ? 's' : ''} ${listed(bare.map((t) => String(t.trial)))} ${bare.length > 1 ? 'have' : 'has'} no p`;
  return [
    {
      kind: 'text',
      inTerminal: true,
      text: `${which}: ${noNullWords(smallest, trials[0].config.minimumGroup)}, so there is no null; more samples give one.`,
    },
  ];
}

/** Every trial with its settings and what it reaches. */
function trialTable({ trials, vary }: Swept): Block {
  const several = new Set(trials.map((t) => t.attack)).size > 1 || vary.length === 0;
  const rows = trials.map((t): Cell[] => [
    // A trial over several seeds links the first of them.
    { text: String(t.trial), href: `runs/${t.runs[0]}/report.html` },
    t.frontier ? 'yes' : 'no',
    ...(several ? [t.attack] : []),
    ...vary.map((v) => t.values[v.name]),
    t.seeds.length,
    decimal(t.accuracy),
    decimal(t.asr),
    decimal(t.score),
    t.interval ? `${decimal(t.interval[0], 2)} to ${decimal(t.interval[1], 2)}` : '–',
    chanceText(t.p),
    decimal(t.psnr, 1),
  ]);
  const settings = ['trial', 'frontier', ...(several ? ['attack'] : []), ...vary.map(nameOf)];
  const head = [...settings, 'runs', 'accuracy', 'ASR', 'S', '95 %', 'p', 'PSNR, dB'];
  return { kind: 'table', head, rows, inTerminal: true };
}

function figuresOf({ dataset, trials, vary }: Swept) {
  const drawn = trials.filter(isScored);
  const attacks = [...new Set(drawn.map((t) => t.attack))];
  const name = fileWord(dataset);
  const results = (t: Trial) => `${words(t)}, ASR ${decimal(t.asr)}, S ${decimal(t.score)}`;
  const points = drawn.map((t) => {
    const [low, high] = t.interval ?? [t.score, t.score];
    const place = { x: t.asr, y: t.score, low, high };
    return { name: String(t.trial), detail: words(t), kind: t.attack, frontier: t.frontier, ...place };
  });
  const number = (text: string | null) => (text === null || !Number.isFinite(Number(text)) ? text : Number(text));
  const axes = [
    ...(attacks.length > 1 ? [{ name: 'attack', values: drawn.map((t) => t.attack) }] : []),
    ...vary.map((v) => ({
      name: nameOf(v),
      values: drawn.map((t) => number(t.values[v.name])),
      log: v.range?.log,
    })),
    { name: 'ASR', values: drawn.map((t) => t.asr) },
    { name: 'S', values: drawn.map((t) => t.score) },
  ];
  const lines = drawn.map((t) => ({ name: results(t), strong: t.frontier }));
  return [
    {
      name: `${name}-frontier`,
      caption: `Stealth score S against attack success rate on ${dataset}. Orange, with the trial’s number: trials that no other one beats in both; grey: the others; bars: 95 % over seeds; dotted: ASR ${SUCCESS}, from which an attack succeeds.`,
      alt: `Stealth score S of every trial against its attack success rate on ${dataset}`,
      draw: (document: Document, width: number) =>
        frontierFigure(points, document, {
          width,
          title: 'S against ASR',
          xLabel: 'attack success rate',
          yLabel: 'stealth score S',
          rule: SUCCESS,
        }),
    },
    {
      name: `${name}-parallel`,
      caption: `Settings and results on ${dataset}: a line per trial, in the colour of its S; thick: the trials of the frontier.`,
      alt: `Parallel coordinates of the varied options, ASR and S on ${dataset}`,
      draw: (document: Document, width: number) => parallelFigure(axes, lines, document, { width, height: 320 }),
    },
  ];
}

function bestBlocks({ trial, rule }: Best): Block[] {
  return [
    { kind: 'heading', text: 'The best trial' },
    {
      kind: 'text',
      text: `${words(trial).replace(/^t/, 'T')} has ${RULES[rule]}. This command makes it again; alone it may choose another κ than the sweep, and then S differs.`,
    },
    { kind: 'command', text: commandOfTrial(trial, 'runs/best') },
  ];
}

/** The numbers of the report, for programs. */
function dataOf({ dataset, trials, best }: Swept) {
  return {
    dataset,
    trials: trials.map(({ config, answer: _, ...rest }) => ({ ...rest, probeSize: config.probeSize })),
    frontier: trials.filter((t) => t.frontier).map((t) => t.trial),
    best: best && { trial: best.trial.trial, rule: best.rule, command: commandOfTrial(best.trial, 'runs/best') },
  };
}
