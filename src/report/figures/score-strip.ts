/** The stealth score beside the scores of clean classes of the same run, in the role of the target; one row per run. */

import * as Plot from '@observablehq/plot';
import type { StealthResult } from '../../dynamics/stealth.js';
import { decimal } from '../format.js';
import { draw, type FigureSize, nameAxis, scoreAxis } from './frame.js';

export interface ScoreRow {
  /** Empty for a strip of a single run. */
  name: string;
  stealth: StealthResult;
}

export function scoreStripFigure(rows: readonly ScoreRow[], document: Document, size: FigureSize = {}): Element {
  const scored = rows.filter((r) => r.stealth.score !== null);
  const single = rows.length === 1;
  const names = nameAxis(rows.map((r) => r.name));
  const { width = 480, height = single ? 128 : 64 + 46 * rows.length } = size;
  const ranges = rangesOf(scored);
  const points = scored.map((r) => ({ name: r.name, score: r.stealth.score! }));
  const scale = scoreAxis([...points.map((p) => p.score), ...ranges.map((r) => r.low)]);
  const words = scored.map((r) => {
    const range = r.stealth.null;
    const nulls = range ? `; clean classes ${decimal(range.low, 2)} to ${decimal(range.high, 2)}` : '';
    return `${r.name ? `${r.name}: ` : ''}score ${decimal(r.stealth.score, 3)}${nulls}`;
  });
  return draw(
    document,
    {
      title: 'Stealth score and its null',
      description: `Score S from 0 to 1; at 1 poisoned samples flow as clean samples do. ${words.join('. ') || 'No score'}.`,
    },
    {
      width,
      height,
      marginLeft: single ? 14 : 12 + names.room,
      marginRight: 22,
      marginTop: single ? 30 : 14,
      x: { domain: scale.domain },
      y: {
        axis: null,
        type: 'band',
        domain: rows.map((r) => r.name),
        padding: single ? 0.1 : 0.2,
        label: null,
      },
      marks: [
        scale.marks,
        single ? null : names.mark,
        nullMarks(scored),
        Plot.dot(points, {
          x: 'score',
          y: 'name',
          symbol: 'diamond',
          r: 7,
          fill: 'var(--backdoor)',
          stroke: 'var(--surface)',
          strokeWidth: 1.5,
          title: (d) => `S = ${decimal(d.score)}`,
        }),
        Plot.text(points, {
          x: 'score',
          y: 'name',
          text: (d: { score: number }) => decimal(d.score, 2),
          dy: single ? -26 : -15,
          fontWeight: 600,
          fontSize: single ? 14 : 11.5,
          fill: 'currentColor',
          stroke: 'var(--surface)',
          strokeWidth: 4,
        }),
      ].flat() as Plot.Markish[],
    },
  );
}

const rangesOf = (rows: readonly ScoreRow[]) =>
  rows.flatMap((r) => (r.stealth.null ? [{ name: r.name, ...r.stealth.null }] : []));

/** The clean classes of each row: a bar for their 95 % range, a stroke for each draw, a thick stroke for the mean. */
function nullMarks(rows: readonly ScoreRow[]): Plot.Markish[] {
  const ranges = rangesOf(rows);
  const draws = ranges.flatMap((r) => r.scores.map((score, i) => ({ name: r.name, score, label: r.labels[i] })));
  return [
    Plot.barX(ranges, {
      x1: 'low',
      x2: 'high',
      y: 'name',
      insetTop: 7,
      insetBottom: 7,
      fill: 'var(--null)',
      fillOpacity: 0.28,
      rx: 3,
      title: (r: { low: number; high: number }) =>
        `95 % range of clean classes: ${decimal(r.low)} to ${decimal(r.high)}`,
    }),
    Plot.tickX(draws, {
      x: 'score',
      y: 'name',
      insetTop: 12,
      insetBottom: 12,
      stroke: 'var(--null)',
      strokeWidth: 1.2,
      title: (d) => `${d.label}: ${decimal(d.score)}`,
    }),
    Plot.tickX(ranges, {
      x: 'mean',
      y: 'name',
      insetTop: 5,
      insetBottom: 5,
      stroke: 'var(--null)',
      strokeWidth: 2.5,
    }),
  ];
}
