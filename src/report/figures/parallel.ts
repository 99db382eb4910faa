/** Parallel coordinates: one vertical axis per setting and result, one line per trial, coloured by the last axis. */

import * as Plot from '@observablehq/plot';
import { shortened } from '../format.js';
import { draw, type FigureSize } from './frame.js';
import { rampColor } from './plane.js';

export interface ParallelAxis {
  name: string;
  /** Value of every line; null where a line has none, and leaves out the axis. */
  values: readonly (number | string | null)[];
  log?: boolean;
}

export interface ParallelLine {
  /** Settings and results, for who points at it. */
  name: string;
  /** Drawn thick, above the others. */
  strong: boolean;
}

interface Placed {
  name: string;
  /** Place of every line, 0 (bottom) … 1. */
  at: (number | null)[];
  ticks: { at: number; text: string }[];
}

/** Most values of an axis that are all written at it. */
const MOST_TICKS = 6;
/** Pixels of a character. */
const CHARACTER = 6.6;
/** Least distance of two ticks, as a share of the axis. */
const APART = 0.07;

/** A number in at most `room` characters where three, else two digits do. */
function short(v: number, room: number): string {
  const three = String(Number(v.toPrecision(3)));
  if (three.length <= room) return three;
  const two = String(Number(v.toPrecision(2)));
  return two.length <= room ? two : Number(v.toPrecision(2)).toExponential();
}

/** Places and ticks of an axis, texts of `room` characters: numbers by their value, words at equal distances. */
export function placed({ name, values, log = false }: ParallelAxis, room = 12): Placed {
  const given = values.filter((v) => v !== null);
  if (!given.every((v) => typeof v === 'number')) {
    const words = [...new Set(given.map(String))];
    const at = (v: string) => (words.length > 1 ? words.indexOf(v) / (words.length - 1) : 0.5);
    return {
      name,
      at: values.map((v) => (v === null ? null : at(String(v)))),
      ticks: words.map((word) => ({ at: at(word), text: shortened(word, room, 2) })),
    };
  }
  const scale = (v: number) => (log ? Math.log(v) : v);
  const unique = [...new Set(given)].sort((a, b) => a - b);
  const [low, high] = [scale(unique[0]), scale(unique[unique.length - 1])];
  const at = (v: number) => (high > low ? (scale(v) - low) / (high - low) : 0.5);
  const middle = log ? Math.exp((low + high) / 2) : (low + high) / 2;
  const written = unique.length > MOST_TICKS ? [unique[0], middle, unique[unique.length - 1]] : unique;
  const ticks = written.map((v) => ({ at: at(v), text: short(v, room) }));
  return {
    name,
    at: values.map((v) => (v === null ? null : at(v as number))),
    // The ends stay; what is too near to one of them, or to the tick below, is not written.
    ticks: ticks.filter((t, i) => i === 0 || i === ticks.length - 1 || clear(t.at, ticks, i)),
  };
}

const clear = (at: number, ticks: readonly { at: number }[], i: number) =>
  at - ticks[i - 1].at >= APART && 1 - at >= APART;

/** Long because it is one description of marks for Plot. */
export function parallelFigure(
  axes: readonly ParallelAxis[],
  lines: readonly ParallelLine[],
  document: Document,
  { width = 548, height = 320 }: FigureSize,
): Element {
  const [marginLeft, marginRight] = [36, 48];
  const step = (width - marginLeft - marginRight) / Math.max(1, axes.length - 1);
  const all = axes.map((a) => placed(a, Math.max(4, Math.floor((step - 8) / CHARACTER))));
  const colour = all[all.length - 1];
  const order = lines.map((_, i) => i).sort((a, b) => Number(lines[a].strong) - Number(lines[b].strong));
  // Names that do not fit beside each other stand at two heights.
  const tight = all.some((a) => CHARACTER * a.name.length > step - 4);
  const titles = all.map((a, i) => ({ i, text: a.name, dy: tight && i % 2 === 1 ? -37 : -22 }));
  return draw(
    document,
    {
      title: 'Parallel coordinates of the trials',
      description: `Axes: ${all.map((a) => a.name).join(', ')}. ${lines.length} trials. ${lines.flatMap((l) => (l.strong ? [l.name] : [])).join('. ')}.`,
    },
    {
      width,
      height,
      marginLeft,
      marginRight,
      marginTop: tight ? 55 : 41,
      marginBottom: 16,
      axis: null,
      x: { domain: [0, Math.max(1, all.length - 1)] },
      y: { domain: [0, 1] },
      marks: [
        Plot.ruleX(
          all.map((_, i) => i),
          { x: (i: number) => i, stroke: 'var(--axis)' },
        ),
        order.map((k) => {
          const points = all.flatMap((a, i) => (a.at[k] === null ? [] : [{ x: i, y: a.at[k]! }]));
          const { strong, name } = lines[k];
          return Plot.line(points, {
            x: 'x',
            y: 'y',
            stroke: rampColor(colour.at[k] ?? 0),
            strokeWidth: strong ? 2.6 : 1.1,
            strokeOpacity: strong ? 1 : 0.55,
            title: () => name,
          });
        }),
        colourBar(all.length - 1),
        all.map((a, i) =>
          Plot.text(a.ticks, {
            x: () => i,
            y: 'at',
            text: 'text',
            textAnchor: 'start',
            dx: i === all.length - 1 ? 9 : 5,
            // Above the lines, which end at their ticks.
            dy: i === all.length - 1 ? 0 : -8,
            fill: 'currentColor',
            stroke: 'var(--surface)',
            strokeWidth: 3,
          }),
        ),
        titles.map((t) =>
          Plot.text([t], { x: 'i', y: () => 1, dy: t.dy, text: 'text', fontWeight: 600, fill: 'currentColor' }),
        ),
      ].flat() as Plot.Markish[],
    },
  );
}

/** The axis whose values are the colours, drawn in them. */
function colourBar(i: number): Plot.Markish[] {
  const steps = 24;
  return Array.from({ length: steps }, (_, k) =>
    Plot.ruleX([i], {
      x: (x: number) => x,
      y1: k / steps,
      // A little overlap leaves no gaps between the pieces.
      y2: Math.min(1, (k + 1.3) / steps),
      stroke: rampColor((k + 0.5) / steps),
      strokeWidth: 7,
    }),
  );
}
