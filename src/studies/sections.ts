/** Parts that the reports of several studies share. */

import { availableParallelism, cpus } from 'node:os';
import { isClassGroup, isNullGroup, partOfGroup } from '../dynamics/group-id.js';
import { mean, overSeeds, trajectories } from '../dynamics/index.js';
import { inputMeasures, measured, readTexts } from '../findings/input-measures.js';
import { meanScore, nullRange, scoresOf } from '../findings/scores.js';
import type { Repeated, Setting } from '../findings/settings.js';
import { succeeds } from '../findings/success.js';
import type { StudyRun } from '../findings/types.js';
import {
  type Block,
  type Cell,
  chanceText,
  decimal,
  duration,
  type StudyFigure,
  type StudySection,
  scatterFigure,
  scoresFigure,
  trajectoryFigure,
} from '../report/index.js';
import { VERSION } from '../version.js';
import type { StudyOutcome } from './types.js';

const WAYS = { 'I(X;T)': 'xt', 'I(T;Ŷ)': 'ty' } as const;

/** For file names. */
export const fileWord = (text: string) =>
  text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');

/** What each attack reaches: success, score, and stealth in input space; means over seeds, S with its 95 % interval. */
export function summaryTable(attacks: readonly Repeated[]): Block {
  const measures = inputMeasures(attacks);
  const head = [
    'attack',
    'rate',
    'runs',
    'accuracy',
    'ASR',
    'S',
    '95 %',
    'clean classes',
    'D − null',
    ...measures.map((m) => m.head),
  ];
  const rows = attacks.map(({ config, runs }): Cell[] => {
    const last = runs.map((r) => r.result);
    const s = meanScore(runs);
    const range = nullRange(runs);
    const asr = last.map((r) => r.asr);
    const excess = runs.flatMap((r) => r.report.stealth?.excess ?? []);
    return [
      config.attack,
      config.attack === 'none' ? '–' : config.poisonRate,
      runs.length,
      decimal(mean(last.map((r) => r.accuracy))),
      asr.every((a) => a !== null) ? decimal(mean(asr as number[])) : '–',
      decimal(s.mean),
      s.n > 1 ? `${decimal(s.interval[0], 2)} to ${decimal(s.interval[1], 2)}` : '–',
      range ? `${decimal(range[0], 2)} to ${decimal(range[1], 2)}` : '–',
      decimal(mean(excess)),
      ...measures.map((m) => decimal(measured(runs[0].report, m), m.digits)),
    ];
  });
  return { kind: 'table', head, rows, inTerminal: true };
}

/** Head and cells of one run in a table of runs. */
export const RUN_HEAD = ['seed', 'accuracy', 'ASR', 'S', 'clean classes', 'p'];

export const runCells = ({ config, result: { accuracy, asr, stealth } }: StudyRun): Cell[] => [
  config.seed,
  decimal(accuracy),
  asr === null ? '–' : decimal(asr),
  decimal(stealth.score),
  stealth.null ? `${decimal(stealth.null.low, 2)} to ${decimal(stealth.null.high, 2)}` : '–',
  chanceText(stealth.p),
];

export function scoresBlock(setting: Setting, name: string): Block {
  const rows = setting.attacks.map((a) => ({ name: a.label, scores: scoresOf(a.runs), range: nullRange(a.runs) }));
  return {
    kind: 'figures',
    figures: [
      {
        name: `${name}-scores`,
        caption: `Stealth scores on ${setting.dataset}. Strokes: seeds; diamonds: their mean; bars: 95 % range for one more clean class, from the clean classes of all seeds together.`,
        alt: `Stealth score S of every attack on ${setting.dataset}`,
        draw: (document, width) => scoresFigure(rows, document, { width }),
      },
    ],
  };
}

/** S against each measure of input space, every attack a point; open where the attack does not succeed. */
export function perceptionFigures(setting: Setting, name: string): StudyFigure[] {
  return inputMeasures(setting.attacks).flatMap((measure) => {
    const points = setting.attacks.flatMap((a) => {
      const value = measured(a.runs[0].report, measure);
      const scores = scoresOf(a.runs);
      if (value === undefined || !Number.isFinite(value) || scores.length === 0) return [];
      return [
        {
          name: a.label,
          x: value,
          y: meanScore(a.runs).mean,
          low: Math.min(...scores),
          high: Math.max(...scores),
          open: !succeeds(a),
        },
      ];
    });
    if (points.length < 2) return [];
    const { word } = measure;
    return {
      name: `${name}-${fileWord(word)}`,
      caption: `Stealth inside the model against ${word} on ${setting.dataset}: mean and range over seeds; open where the attack does not succeed.`,
      alt: `Stealth score against ${word} on ${setting.dataset}`,
      draw: (document: Document, width: number) =>
        scatterFigure(points, document, {
          width,
          title: `Stealth against ${word}`,
          xLabel: measure.name,
          yLabel: 'stealth score S',
        }),
    };
  });
}

/** Trajectories of every attack, means over seeds with 95 % bands, on shared axes per quantity. */
export function trajectoryBlocks(setting: Setting, name: string): Block[] {
  const panels = setting.attacks.map((a) => {
    const rows = overSeeds(a.runs.map((r) => r.report.information)).filter((r) => !isNullGroup(r.group));
    return { ...a, rows, curves: trajectories(rows) };
  });
  const explained: Block = {
    kind: 'text',
    text: 'Orange: poisoned samples (under none a random part of the target class); blue: clean samples of the target class; grey: the other classes. Means over seeds, bands ±1.96 standard errors, cut where they leave the panel; all panels of a quantity share their axes.',
  };
  return (['I(X;T)', 'I(T;Ŷ)'] as const).flatMap((quantity): Block[] => {
    const data = panels.map(({ runs, rows, curves }) => ({
      ...runs[0].report,
      quantity,
      rows,
      curves,
      roles: ['backdoor', 'clean', 'other'] as const,
    }));
    // Of the values, not of the bands: the error of one early estimate would flatten all panels.
    const drawn = (group: string) =>
      isClassGroup(group) || ['backdoor', 'clean'].includes(partOfGroup(group)?.part ?? '');
    const values = panels.flatMap((p) =>
      p.rows.filter((r) => r.quantity === quantity && drawn(r.group)).map((r) => r.nats),
    );
    // A margin above and below, so that no curve touches the frame.
    const room = (Math.max(...values) - Math.min(...values)) * 0.12;
    const yDomain: [number, number] = [Math.min(...values) - room, Math.max(...values) + room];
    const figures = panels.map((p, i) => ({
      name: `${name}-${WAYS[quantity]}-${fileWord(p.label)}`,
      caption: p.label,
      alt: `${quantity} over epochs under ${p.label} on ${setting.dataset}`,
      draw: (document: Document, width: number) =>
        trajectoryFigure({ ...data[i], yDomain, cut: true }, document, { width, height: 240 }),
    }));
    return [
      { kind: 'heading', text: `${quantity} over epochs` },
      ...(quantity === 'I(X;T)' ? [explained] : []),
      { kind: 'figures', figures },
    ];
  });
}

/** What a setting holds fixed, in a sentence. */
export function settingWords({ attacks }: Setting): string {
  const { config, runs } = attacks[0];
  const { model, width, epochs, batchSize, optimizer, lr, schedule, noise, draws, critic, view } = config;
  const trained = runs[0].result.groupSize;
  const critics = `${critic} critics on ${view === 'network' ? 'the network’s own features of X' : 'pixels'}`;
  const measured = runs[0].report.basis === 'resolved' ? 'resolved information' : critics;
  return `${model} of width ${width}, ${epochs} epochs of batches of ${batchSize}, ${optimizer} with learning rate ${lr} (${schedule}), γ ${noise}; ${config.trainLimit ?? 'all'} training ${readTexts(attacks) ? 'texts' : 'images'}, ${config.testLimit ?? 'all'} for testing; groups of ${trained} samples, ${draws} noise draws, ${measured}; checkpoints ${config.checkpoints!.join(', ')} (in epochs${config.checkpoints!.includes('log') ? '; log: a logarithmic ladder of steps inside the first' : ''}); seeds ${[...new Set(attacks.flatMap((a) => a.runs.map((r) => r.config.seed)))].join(', ')}.`;
}

export function failedSection({ failed }: StudyOutcome): StudySection[] {
  if (failed.length === 0) return [];
  return [
    {
      id: 'failed',
      title: 'Runs that failed',
      blocks: [{ kind: 'table', head: ['run', 'why'], rows: failed.map((f) => [f.name, f.why]) }],
    },
  ];
}

/** How the report was made: runs, work, processor and version. */
export function footer({ runs, fromRows }: StudyOutcome): string {
  const seconds = runs.reduce((s, r) => s + r.result.seconds, 0);
  if (fromRows) return `${runs.length} runs, ${duration(seconds)} of work, read from their rows. ibscope ${VERSION}.`;
  const model = cpus()[0]?.model.trim() ?? 'unknown processor';
  return `${runs.length} runs, ${duration(seconds)} of work, one thread a run, on ${availableParallelism()} cores (${model}). ibscope ${VERSION}.`;
}
