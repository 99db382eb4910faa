/** Stealth scores of attacks over seeds: a stroke per seed, a diamond at their mean, a bar for the range of clean classes. */

import * as Plot from '@observablehq/plot';
import { decimal } from '../format.js';
import { draw, type FigureSize, nameAxis, scoreAxis } from './frame.js';

export interface SeededScores {
  name: string;
  scores: number[];
  /** 95 % range of the clean classes, from the draws of all seeds. */
  range: [number, number] | null;
}

export function scoresFigure(rows: readonly SeededScores[], document: Document, size: FigureSize = {}): Element {
  const { width = 460, height = 66 + 34 * rows.length } = size;
  const scale = scoreAxis(rows.flatMap((r) => [...r.scores, ...(r.range ?? [])]));
  const names = nameAxis(rows.map((r) => r.name));
  const means = rows
    .filter((r) => r.scores.length > 0)
    .map((r) => ({ name: r.name, score: r.scores.reduce((a, b) => a + b, 0) / r.scores.length }));
  return draw(
    document,
    {
      title: 'Stealth scores over seeds',
      description: means.map((m) => `${m.name}: mean ${decimal(m.score)}`).join('. '),
    },
    {
      width,
      height,
      marginLeft: 14 + names.room,
      marginRight: 22,
      marginTop: 14,
      x: { domain: scale.domain },
      y: { axis: null, type: 'band', domain: rows.map((r) => r.name), padding: 0.2, label: null },
      marks: [
        scale.marks,
        names.mark,
        Plot.barX(
          rows.filter((r) => r.range),
          {
            x1: (r: SeededScores) => r.range![0],
            x2: (r: SeededScores) => r.range![1],
            y: 'name',
            insetTop: 4,
            insetBottom: 4,
            fill: 'var(--null)',
            fillOpacity: 0.25,
            rx: 3,
          },
        ),
        Plot.tickX(
          rows.flatMap((r) => r.scores.map((score) => ({ name: r.name, score }))),
          { x: 'score', y: 'name', insetTop: 7, insetBottom: 7, stroke: 'var(--backdoor)', strokeWidth: 1.4 },
        ),
        Plot.dot(means, {
          x: 'score',
          y: 'name',
          symbol: 'diamond',
          r: 6,
          fill: 'var(--backdoor)',
          stroke: 'var(--surface)',
          strokeWidth: 1.5,
          title: (m: { name: string; score: number }) => `${m.name}: ${decimal(m.score)}`,
        }),
      ] as Plot.Markish[],
    },
  );
}
