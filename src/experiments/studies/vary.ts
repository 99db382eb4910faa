/** Experiments that vary one option of a run: how scores, success and information follow it, and whether the order of attacks holds. */
import { average, epochAverage, mean, rankCorrelation, trajectories } from '../../dynamics/index.js';
import {
  type Block,
  type Cell,
  decimal,
  type Finding,
  type Line,
  linesFigure,
  type StudyFigure,
  type StudySection,
} from '../../report/index.js';
import type { RunConfig } from '../config.js';
import type { StudyRun } from '../study.js';
import { TAKEN } from './findings.js';
import { type Setting, settings } from './grid.js';
import { fileWord, settingWords } from './sections.js';

export type Varied = 'noise' | 'poisonRate' | 'model';

/** Runs of one attack at one value of what is varied. */
export interface Level {
  value: string | number;
  runs: StudyRun[];
}

export interface VariedAttack {
  label: string;
  levels: Level[];
}

/** A setting with its runs sorted by attack and by the value of the varied option. */
export interface VariedSetting {
  dataset: string;
  whole: Setting;
  attacks: VariedAttack[];
  values: (string | number)[];
}

/** `apart`: options that change with the varied one, such as a model's optimizer. */
export function varied(
  runs: readonly StudyRun[],
  key: Varied,
  apart: readonly (keyof RunConfig)[] = [],
): VariedSetting[] {
  return settings(runs, [key, ...apart]).map((setting) => {
    const values = [...new Set(setting.attacks.flatMap((a) => a.runs.map((r) => r.config[key])))] as (
      | string
      | number
    )[];
    if (values.every((v) => typeof v === 'number')) (values as number[]).sort((a, b) => a - b);
    const attacks = setting.attacks.map((a) => ({
      label: a.label,
      levels: values.flatMap((value) => {
        const own = a.runs.filter((r) => r.config[key] === value);
        return own.length > 0 ? [{ value, runs: own }] : [];
      }),
    }));
    return { dataset: setting.dataset, whole: setting, attacks, values };
  });
}

export const scoreOf = (r: StudyRun) => r.report.stealth?.score ?? Number.NaN;
export const asrOf = (r: StudyRun) => r.result.asr ?? Number.NaN;

/** Average over epochs of a group's trajectory. */
export function levelOf(run: StudyRun, quantity: string, group: string): number {
  const curve = trajectories(run.report.information).find((c) => c.group === group && c.quantity === quantity);
  return curve ? epochAverage(curve.epochs, curve.values) : Number.NaN;
}

/** Mean over the clean classes of the average over epochs. */
export function cleanLevel(run: StudyRun, quantity: string): number {
  const curves = trajectories(run.report.information).filter((c) => /^\d+$/.test(c.group) && c.quantity === quantity);
  return mean(curves.map((c) => epochAverage(c.epochs, c.values)));
}

/** One line per attack: the mean over seeds at every value, with its 95 % interval where there are several. */
function linesOf(setting: VariedSetting, value: (r: StudyRun) => number): Line[] {
  return setting.attacks.map(({ label, levels }) => ({
    name: label,
    points: levels.flatMap((level) => {
      const values = level.runs.map(value).filter(Number.isFinite);
      if (values.length === 0) return [];
      const a = average(values);
      const x = typeof level.value === 'number' ? level.value : setting.values.indexOf(level.value);
      return [{ x, y: a.mean, ...(a.n > 1 ? { low: Math.min(...values), high: Math.max(...values) } : {}) }];
    }),
  }));
}

export interface Measure {
  name: string;
  label: string;
  value(r: StudyRun): number;
}

/** A figure per measure; the axis is the varied option's. */
function variedFigures(setting: VariedSetting, xLabel: string, measures: readonly Measure[]): StudyFigure[] {
  const name = fileWord(setting.dataset);
  return measures.flatMap((m) => {
    const lines = linesOf(setting, m.value).filter((l) => l.points.length > 0);
    if (lines.length === 0) return [];
    const words = setting.values.some((v) => typeof v === 'string');
    const xNames = words ? setting.values.map(String) : undefined;
    return {
      name: `${name}-${fileWord(xLabel)}-${fileWord(m.name)}`,
      caption: `${m.label} against ${xLabel} on ${setting.dataset}: means over seeds, bands from the lowest to the highest seed.`,
      alt: `${m.label} against ${xLabel} on ${setting.dataset}`,
      draw: (document: Document, width: number) =>
        linesFigure(lines, document, { width, title: m.label, xLabel, yLabel: m.label, x: 'values', xNames }),
    };
  });
}

/** Every attack at every value: success, score, and the level of the information. */
function variedTable(setting: VariedSetting, head: string): Block {
  const rows = setting.attacks.flatMap(({ label, levels }) =>
    levels.map(({ value, runs }): Cell[] => {
      const { target } = runs[0].config;
      const m = (of: (r: StudyRun) => number, digits = 3) => decimal(mean(runs.map(of)), digits);
      return [
        label,
        value,
        runs.length,
        m((r) => r.result.accuracy),
        m(asrOf),
        m(scoreOf),
        m((r) => levelOf(r, 'I(X;T)', `${target}/backdoor`), 2),
        m((r) => cleanLevel(r, 'I(X;T)'), 2),
        m((r) => levelOf(r, 'I(T;Ŷ)', `${target}/backdoor`), 2),
        m((r) => cleanLevel(r, 'I(T;Ŷ)'), 2),
      ];
    }),
  );
  const both = (q: string) => [`${q} backdoor`, `${q} clean classes`];
  return {
    kind: 'table',
    head: ['attack', head, 'runs', 'accuracy', 'ASR', 'S', ...both('I(X;T)'), ...both('I(T;Ŷ)')],
    rows,
    inTerminal: true,
  };
}

/** Does the order of the attacks by S hold from one value to the next? */
export function orderFinding(setting: VariedSetting, claim: string): Finding {
  // An attack that does not take at a value has no say there.
  const poisoned = setting.attacks.filter((a) => a.levels[0]?.runs[0].config.attack !== 'none');
  const scores = setting.values.map((value) =>
    poisoned.map((a) => {
      const level = a.levels.find((l) => l.value === value);
      return level && mean(level.runs.map(asrOf)) >= TAKEN ? mean(level.runs.map(scoreOf)) : Number.NaN;
    }),
  );
  const pairs = setting.values.flatMap((v, i) =>
    setting.values.slice(i + 1).map((w, j) => {
      const [a, b] = [scores[i], scores[i + 1 + j]];
      const both = a.flatMap((x, k) => (Number.isFinite(x) && Number.isFinite(b[k]) ? [k] : []));
      return {
        v,
        w,
        c: rankCorrelation(
          both.map((k) => a[k]),
          both.map((k) => b[k]),
        ),
      };
    }),
  );
  const least = pairs.filter((p) => Number.isFinite(p.c.tau)).sort((a, b) => a.c.tau - b.c.tau)[0];
  if (!least)
    return {
      claim,
      verdict: 'not resolved',
      evidence: `An order needs at least two attacks that take at two values; here are ${poisoned.length} attacks.`,
    };
  const verdict = least.c.interval[0] > 0 ? 'reproduced' : least.c.interval[1] < 0.5 ? 'contradicted' : 'not resolved';
  return {
    claim,
    verdict,
    evidence: `The least agreement is between ${least.v} and ${least.w}: τ = ${decimal(least.c.tau, 2)} over ${least.c.n} attacks (95 % ${decimal(least.c.interval[0], 2)} to ${decimal(least.c.interval[1], 2)}).`,
  };
}

export function variedSection(
  setting: VariedSetting,
  head: string,
  findings: Finding[],
  measures: readonly Measure[],
): StudySection {
  return {
    id: fileWord(setting.dataset),
    title: setting.dataset,
    intro: settingWords(setting.whole),
    blocks: [
      { kind: 'findings', findings },
      variedTable(setting, head),
      { kind: 'figures', figures: variedFigures(setting, head, measures) },
    ],
  };
}
