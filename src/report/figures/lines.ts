/** A quantity over epochs or over a setting (β, γ, poison rate): one line per attack, named at its end. */

import * as Plot from '@observablehq/plot';
import { decimal, shortened } from '../format.js';
import { draw, type FigureSize, FRAME, innerWidth, logTicks, padded, valueAxis } from './frame.js';
import { type Clock, momentText, timeAxis } from './time-axis.js';

/** Colour and dash of a line. */
export interface Look {
  color: string;
  dash: string;
}

export interface Line {
  name: string;
  /** Default: by its place among the lines. */
  look?: Look;
  points: { x: number; y: number; low?: number; high?: number }[];
}

export interface LinesOptions extends FigureSize, Clock {
  title: string;
  /** The axis of time has its own. */
  xLabel?: string;
  yLabel: string;
  /** `log`: a logarithmic axis; `epoch`: the axis of time; `values`: ticks at the values themselves. */
  x: 'log' | 'epoch' | 'values';
  /** Names of the values 0, 1, … of an axis of words. */
  xNames?: readonly string[];
  yDomain?: [number, number];
  /** A level to compare with, such as 0.5 of an AUROC. */
  rule?: number;
}

/** Colours after Okabe and Ito, legible on light and dark. Colour and dash together tell eight lines apart without colour vision. */
const LOOKS: readonly Look[] = [
  { color: 'var(--backdoor)', dash: 'none' },
  { color: 'var(--clean)', dash: '7 3' },
  { color: 'var(--all)', dash: '2 3' },
  { color: 'var(--mixed)', dash: '8 3 2 3' },
  { color: 'var(--cover)', dash: '4 4' },
  { color: 'var(--compression)', dash: 'none' },
  { color: 'var(--null)', dash: '1 3' },
  { color: 'var(--ramp-c)', dash: '10 4' },
];

export const lookOf = (i: number) => LOOKS[i % LOOKS.length];

/** Least distance of two names, in pixels: the height of a line of 11.5 px type. */
const APART = 13;

/** Long because it is one description of marks for Plot. */
export function linesFigure(lines: readonly Line[], document: Document, o: LinesOptions): Element {
  const { width = 460, height = 280 } = o;
  const shown = lines.map((l, i) => ({ ...l, ...(l.look ?? lookOf(i)) })).filter((l) => l.points.length > 0);
  const xs = shown.flatMap((l) => l.points.map((p) => p.x));
  const ys = shown.flatMap((l) => l.points.flatMap((p) => [p.y, p.low ?? p.y, p.high ?? p.y]));
  const yDomain = o.yDomain ?? padded(o.rule === undefined ? ys : [...ys, o.rule]);
  const marginRight = 14 + 6.4 * Math.max(0, ...shown.map((l) => Math.min(l.name.length, 18)));
  const axis = o.x === 'epoch' ? timeAxis(xs, innerWidth(width, { ...FRAME, marginRight }), o) : settingAxis(xs, o);
  const place = (x: number) => (o.x === 'epoch' ? momentText(x, o) : String(x));
  return draw(
    document,
    {
      title: o.title,
      description: shown
        .map((l) => `${l.name}: ${l.points.map((p) => `${decimal(p.y, 2)} at ${place(p.x)}`).join(', ')}`)
        .join('. '),
    },
    {
      width,
      height,
      marginRight,
      x: axis.scale,
      y: { domain: yDomain },
      marks: [
        valueAxis(o.yLabel),
        axis.marks,
        o.rule === undefined ? null : Plot.ruleY([o.rule], { stroke: 'var(--axis)', strokeDasharray: '1 3' }),
        shown.map((l) => [
          Plot.areaY(
            l.points.filter((p) => p.low !== undefined),
            { x: 'x', y1: 'low', y2: 'high', fill: l.color, fillOpacity: 0.12 },
          ),
          Plot.lineY(l.points, { x: 'x', y: 'y', stroke: l.color, strokeDasharray: l.dash, strokeWidth: 1.8 }),
          Plot.dot(l.points, {
            x: 'x',
            y: 'y',
            r: 2.4,
            fill: l.color,
            title: (p: { x: number; y: number }) => `${l.name}, ${place(p.x)}: ${decimal(p.y)}`,
          }),
        ]),
        spread(shown, yDomain, height).map((t) =>
          Plot.text([t], {
            x: 'x',
            y: 'y',
            dx: 7,
            dy: t.shift,
            text: 'name',
            textAnchor: 'start',
            fontWeight: 600,
            fill: t.color,
          }),
        ),
      ].flat() as Plot.Markish[],
    },
  );
}

/** The axis of a setting such as β: at round numbers of a logarithmic axis, or at the values themselves. */
function settingAxis(xs: readonly number[], o: LinesOptions): { scale: Plot.ScaleOptions; marks: Plot.Markish[] } {
  const domain: [number, number] = [Math.min(...xs), Math.max(...xs)];
  const ticks = o.x === 'log' ? logTicks(domain) : [...new Set(xs)].sort((a, b) => a - b);
  const tickFormat = (v: number) => o.xNames?.[v] ?? String(v);
  return {
    scale: { domain, type: o.x === 'log' ? 'log' : 'linear' },
    marks: [Plot.axisX({ label: o.xLabel ?? null, labelArrow: 'none', tickSize: 4, ticks, tickFormat })],
  };
}

/** Names at the ends of their lines, moved apart where they would lie on each other. */
function spread(
  lines: readonly (Line & { color: string })[],
  [low, high]: [number, number],
  height: number,
): { name: string; x: number; y: number; shift: number; color: string }[] {
  const perUnit = (height - 64) / (high - low || 1);
  const ends = lines
    .map((l) => ({
      name: shortened(l.name, 18, 7),
      ...l.points[l.points.length - 1],
      color: l.color,
    }))
    .sort((a, b) => b.y - a.y);
  let last = Number.NEGATIVE_INFINITY;
  return ends.map(({ name, x, y, color }) => {
    const at = -y * perUnit;
    const placed = Math.max(at, last + APART);
    last = placed;
    return { name, x, y, color, shift: placed - at };
  });
}
