/** The page of the study of detection: an answer in a sentence, then every measure against every detector. */
import { SUCCESS } from '../../dynamics/types.js';
import { type Setting, settings } from '../../findings/settings.js';
import { succeeds } from '../../findings/success.js';
import {
  type Block,
  type Cell,
  decimal,
  type StudyFigure,
  type StudyReport,
  type StudySection,
  scatterFigure,
} from '../../report/index.js';
import { failedSection, fileWord, footer, settingWords } from '../sections.js';
import type { MadeRun, StudyOutcome } from '../types.js';
import {
  attacked,
  type Correlation,
  correlations,
  type DetectorSummary,
  detectorSummaries,
  detectorsIn,
  INTEREST,
  type ModelCorrelation,
  measuresOf,
  modelCorrelations,
  type Outcome,
  outcomes,
  type Prediction,
} from './analysis.js';
import type { JudgedRun } from './types.js';

/** What a defender of a threat model has. */
const MODELS: Record<string, string> = {
  A: 'A (the training set)',
  B: 'B (the set and clean samples)',
  C: 'C (the network and its inputs)',
  D: 'D (the network)',
};

/** How a table marks a verdict. */
const MARKS: Record<Prediction, string> = { predicts: ' *', 'does not predict': ' ○', 'not resolved': '' };

interface Analysed {
  rows: JudgedRun[];
  models: ModelCorrelation[];
  detectors: DetectorSummary[];
  all: Correlation[];
}

export function detectionReport(outcome: StudyOutcome): StudyReport {
  const runs = outcome.runs.filter((r) => r.judged);
  const rows = runs.map((r) => r.judged!);
  const of = (Object.keys(outcomes) as Outcome[]).flatMap((o) => correlations(rows, o));
  const analysed = { rows, models: modelCorrelations(rows), detectors: detectorSummaries(rows), all: of };
  const { models, detectors, all } = analysed;
  return {
    title: 'Does stealth predict detection?',
    lede: ledeOf(analysed),
    sections: [
      verdictSection(analysed),
      measuresSection(analysed),
      detectorsSection(analysed),
      ...settings(runs).map((setting) => settingSection(setting, detectors)),
      ...failedSection(outcome),
    ],
    footer: footer(outcome),
    data: { interest: INTEREST, models, detectors, correlations: all },
  };
}

/** `−0.61 (95 % −0.80 to −0.33)`. */
const rhoWords = ({ rho, interval }: Pick<Correlation, 'rho' | 'interval'>) =>
  rho === null ? '–' : `${decimal(rho, 2)}${interval ? ` (95 % ${rangeWords(interval)})` : ''}`;
const rangeWords = ([low, high]: readonly [number, number]) => `${decimal(low, 2)} to ${decimal(high, 2)}`;

/** The answer: of S under every threat model, then the best measure of each, then what could have been seen. */
function ledeOf({ rows, models, detectors }: Analysed): string[] {
  const own = models.filter((m) => m.measure === 'S');
  if (own.length === 0)
    return [
      `There are too few attacked runs with a score and with a detector whose AUROC varies (${attacked(rows).length} attacked runs) to say whether S predicts detection.`,
    ];
  const verdicts: Record<Prediction, string> = {
    predicts: 'predicts detection',
    'does not predict': 'does not predict detection',
    'not resolved': 'is not resolved as a predictor of detection',
  };
  const answer = own.map(
    (m) => `under threat model ${MODELS[m.threatModel]} S ${verdicts[m.verdict]}, ρ = ${rhoWords(m)}`,
  );
  const best = own.map(({ threatModel }) => {
    const [first] = models.filter((m) => m.threatModel === threatModel);
    return `${first.measure} under ${threatModel} (ρ = ${decimal(first.rho, 2)}, ${first.verdict})`;
  });
  const silent = detectors.filter((d) => d.uninformative !== null).map((d) => `${d.name}, ${d.uninformative}`);
  return [
    capital(`${answer.join('; ')}.`),
    `The measure with the lowest ρ is ${best.join(', ')}. It is the lowest of ${measuresOf(rows).length}, so its ρ is below what new runs would show.`,
    `${own[0].n} attacked runs in ${own[0].clusters} clusters (data set × attack × seed) see a |ρ| of ${decimal(own[0].visible, 2)} or more with 80 % power; the smallest |ρ| of interest is ${INTEREST}.${silent.length > 0 ? ` Detectors that tell nothing about any measure: ${silent.join('; ')}.` : ''}`,
  ];
}

const capital = (text: string) => text[0].toUpperCase() + text.slice(1);

/** S against every result of every detector. */
function verdictSection({ all, rows }: Analysed): StudySection {
  const unscored = attacked(rows).filter((row) => row.stealth.score === null);
  const reasons = [...new Set(unscored.map((row) => row.stealth.reason ?? 'no estimates'))];
  const blocks: Block[] = [
    {
      kind: 'table',
      head: [
        'detector',
        'model',
        'result',
        'runs',
        'clusters',
        'ρ',
        '95 %',
        '95 %, attacks resampled',
        'given ASR and rate',
        'its 95 %',
        'smallest visible',
        'verdict',
      ],
      rows: all
        .filter((c) => c.measure === 'S')
        .map((c) => [
          ...[c.detector, c.threatModel, outcomes[c.outcome].label, c.n, c.clusters, decimal(c.rho, 2)],
          c.interval ? rangeWords(c.interval) : '–',
          c.overAttacks ? rangeWords(c.overAttacks) : '–',
          decimal(c.partial, 2),
          c.partialInterval ? rangeWords(c.partialInterval) : '–',
          ...[decimal(c.visible, 2), c.rho === null ? 'the result never varies' : c.verdict],
        ]),
      inTerminal: true,
    },
  ];
  const failing = attacked(rows).filter((row) => row.asr! < SUCCESS).length;
  if (failing > 0)
    blocks.push({
      kind: 'text',
      text: `${failing} of ${attacked(rows).length} attacked runs have an ASR under ${SUCCESS}; they count here, and the partial ρ takes the ASR into account.`,
    });
  if (unscored.length > 0)
    blocks.push({ kind: 'text', text: `${unscored.length} attacked runs have no S: ${reasons.join('; ')}.` });
  return {
    id: 'score',
    title: 'The stealth score against each detector',
    intro: `Spearman’s ρ over attacked runs, ranked inside each data set; intervals resample whole clusters (data set × attack × seed). A high S means that poisoned samples flow as clean ones do, so S predicts a detector if ρ is negative. The rule: does not predict if the 95 % interval lies above −${INTEREST}; else predicts if it lies below 0; else not resolved. Seeds of one attack are alike, so the first interval holds for these attacks; the one with attacks resampled says more of other attacks. The partial ρ is given ASR and the poisoned share of the set. The column before the last is the |ρ| that so many independent clusters see with 80 % power. Own decision is TPR − FPR of the detector’s own rule, or whether it finds the target class.`,
    blocks,
  };
}

/** Every measure against every detector, and against threat models. */
function measuresSection({ all, rows, models }: Analysed): StudySection {
  const detectors = detectorsIn(rows);
  const tables = (Object.keys(outcomes) as Outcome[]).flatMap((outcome): Block[] => {
    const own = all.filter((c) => c.outcome === outcome);
    const shown = detectors.filter((d) => own.some((c) => c.detector === d.name && c.rho !== null));
    if (shown.length === 0) return [];
    const cell = (measure: string, detector: string) => {
      const found = own.find((c) => c.measure === measure && c.detector === detector);
      return found?.rho == null ? '–' : `${decimal(found.rho, 2)}${MARKS[found.verdict]}`;
    };
    return [
      { kind: 'heading', text: `Against the ${outcomes[outcome].label} of each detector` },
      {
        kind: 'table',
        head: ['measure', 'space', ...shown.map((d) => `${d.threatModel} · ${d.name}`)],
        rows: measuresOf(rows).map((m): Cell[] => [m.name, m.space, ...shown.map((d) => cell(m.name, d.name))]),
        inTerminal: outcome === 'auroc',
      },
    ];
  });
  return {
    id: 'measures',
    title: 'Every measure against every detector',
    intro: `ρ of every measure, turned so that higher is stealthier; detectors by threat model. * predicts, ○ does not predict, no mark: not resolved. With so many cells some marks are chance: one in 40 of the measures that predict nothing has an interval below 0.`,
    blocks: [...tables, ...modelBlocks(models)],
  };
}

function modelBlocks(models: readonly ModelCorrelation[]): Block[] {
  const names = [...new Set(models.map((m) => m.threatModel))];
  return names.flatMap((name): Block[] => {
    const own = models.filter((m) => m.threatModel === name);
    return [
      { kind: 'heading', text: `Best measure under threat model ${MODELS[name]}` },
      {
        kind: 'text',
        text: `Against the mean rank of the AUROC of ${own[0].detectors.join(', ')}. Each attack is left out in turn: the range of ρ of the rest, and the mean error of the rank (0 to 1) that a line through the rest predicts for the attack, beside that of always predicting the middle.`,
      },
      {
        kind: 'table',
        head: [
          'measure',
          'space',
          'ρ',
          '95 %',
          'given ASR and rate',
          'an attack left out',
          'error of the rank',
          'of the middle',
          'verdict',
        ],
        rows: own.map((m): Cell[] => [
          m.measure,
          m.space,
          decimal(m.rho, 2),
          m.interval ? rangeWords(m.interval) : '–',
          decimal(m.partial, 2),
          m.leftOut ? `${rangeWords([m.leftOut.low, m.leftOut.high])}${m.leftOut.stable ? '' : ', sign changes'}` : '–',
          decimal(m.leftOut?.error, 2),
          decimal(m.leftOut?.middle, 2),
          m.verdict,
        ]),
      },
    ];
  });
}

function detectorsSection({ detectors }: Analysed): StudySection {
  const skipped = detectors.flatMap((d) => Object.entries(d.skipped).map(([why, n]): Cell[] => [d.name, n, why]));
  return {
    id: 'detectors',
    title: 'What the detectors find',
    intro:
      'Means over attacked runs. Unpoisoned runs show false alarms: the share of samples that the own rule flags, and runs in which it names a target class. SS, ABL and SPECTRE flag a fixed share of every set.',
    blocks: [
      {
        kind: 'table',
        head: [
          'detector',
          'model',
          'runs',
          'AUROC',
          'range',
          'TPR at 1 % FPR',
          'own decision',
          'unpoisoned',
          'flagged there',
          'with a target',
          'says',
        ],
        rows: detectors.map((d): Cell[] => [
          ...[d.name, d.threatModel, d.n, decimal(d.auroc?.mean)],
          d.auroc ? rangeWords([d.auroc.low, d.auroc.high]) : '–',
          ...[decimal(d.tprAt1), decimal(d.own), d.clean.runs, decimal(d.clean.fpr), d.clean.withTarget ?? '–'],
          d.uninformative ? `uninformative: ${d.uninformative}` : 'informative',
        ]),
        inTerminal: true,
      },
      ...(skipped.length > 0
        ? [{ kind: 'table' as const, head: ['detector', 'left out of runs', 'why'], rows: skipped }]
        : []),
    ],
  };
}

/** What a data set holds fixed, and S against the AUROC of each informative detector. */
function settingSection(setting: Setting<MadeRun>, detectors: readonly DetectorSummary[]): StudySection {
  const name = fileWord(setting.dataset);
  const figures = detectors
    .filter((d) => d.uninformative === null)
    .flatMap((d) => scatterOf(setting, d.name, `${name}-${fileWord(d.name)}`));
  return {
    id: name,
    title: setting.dataset,
    intro: settingWords(setting),
    blocks: figures.length > 0 ? [{ kind: 'figures', figures }] : [],
  };
}

const aurocOf = (run: MadeRun, detector: string) =>
  run.judged?.detectors.find((d) => d.name === detector)?.auroc ?? null;

function scatterOf(setting: Setting<MadeRun>, detector: string, name: string): StudyFigure[] {
  const points = setting.attacks.flatMap((a) => {
    const both = a.runs.flatMap((run) => {
      const [x, y] = [run.result.stealth.score, aurocOf(run, detector)];
      return x === null || y === null ? [] : [{ x, y }];
    });
    if (both.length === 0) return [];
    const [x, y] = (['x', 'y'] as const).map((key) => both.reduce((s, p) => s + p[key] / both.length, 0));
    const values = both.map((p) => p.y);
    return [{ name: a.label, x, y, low: Math.min(...values), high: Math.max(...values), open: !succeeds(a) }];
  });
  if (points.length < 2) return [];
  return [
    {
      name,
      caption: `S against the AUROC of ${detector} on ${setting.dataset}: mean and range over seeds; open where the attack does not succeed.`,
      alt: `Stealth score against the AUROC of ${detector} on ${setting.dataset}`,
      draw: (document, width) =>
        scatterFigure(points, document, {
          width,
          title: `S against ${detector}`,
          xLabel: 'stealth score S',
          yLabel: `AUROC of ${detector}`,
        }),
    },
  ];
}
