/** The section of a study that varies one option of a run: scores, success and information at each of its values. */

import { partOf } from '../dynamics/group-id.js';
import { average, mean } from '../dynamics/index.js';
import { asrOf, cleanLevel, levelOf, scoreOf } from '../findings/levels.js';
import type { StudyRun } from '../findings/types.js';
import type { VariedSetting } from '../findings/varied.js';
import {
  type Block,
  type Cell,
  decimal,
  type Finding,
  type Line,
  linesFigure,
  type StudyFigure,
  type StudySection,
} from '../report/index.js';
import { fileWord, settingWords } from './sections.js';

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
        m((r) => levelOf(r, 'I(X;T)', partOf(target, 'backdoor')), 2),
        m((r) => cleanLevel(r, 'I(X;T)'), 2),
        m((r) => levelOf(r, 'I(T;Ŷ)', partOf(target, 'backdoor')), 2),
        m((r) => cleanLevel(r, 'I(T;Ŷ)'), 2),
      ];
    }),
  );
  const both = (q: string) => [`${q} poisoned`, `${q} clean classes`];
  return {
    kind: 'table',
    head: ['attack', head, 'runs', 'accuracy', 'ASR', 'S', ...both('I(X;T)'), ...both('I(T;Ŷ)')],
    rows,
    inTerminal: true,
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
