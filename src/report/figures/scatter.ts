/** Attacks as points of two measures, each named, with their spread over seeds. */

import * as Plot from '@observablehq/plot';
import { decimal } from '../format.js';
import { draw, type FigureSize, FRAME, padded } from './frame.js';
import { placeNames } from './point-names.js';

export interface ScatterPoint {
  name: string;
  x: number;
  y: number;
  low: number;
  high: number;
  /** Drawn as a ring: it is not compared with the others, such as an attack that did not succeed. */
  open?: boolean;
}

export interface ScatterOptions extends FigureSize {
  title: string;
  xLabel: string;
  yLabel: string;
}

export function scatterFigure(points: readonly ScatterPoint[], document: Document, o: ScatterOptions): Element {
  const { width = 460, height = 300 } = o;
  const xDomain = padded(points.map((p) => p.x));
  const yDomain = padded(points.flatMap((p) => [p.low, p.high]));
  const { marginLeft, marginTop, marginRight, marginBottom } = FRAME;
  const share = (v: number, [low, high]: readonly [number, number]) => (v - low) / (high - low);
  const placed = placeNames(
    points.map((p) => ({
      name: p.name,
      x: marginLeft + share(p.x, xDomain) * (width - marginLeft - marginRight),
      y: marginTop + (1 - share(p.y, yDomain)) * (height - marginTop - marginBottom),
    })),
    width,
  );
  const names = placed.map(({ name, anchor, dx, dy }, i) =>
    Plot.text([points[i]], {
      x: 'x',
      y: 'y',
      text: [name],
      textAnchor: anchor,
      dx,
      dy,
      fill: 'currentColor',
      stroke: 'var(--surface)',
      strokeWidth: 3,
    }),
  );
  return draw(
    document,
    {
      title: o.title,
      description: points.map((p) => `${p.name}: ${decimal(p.x, 2)}, ${decimal(p.y, 2)}`).join('. '),
    },
    {
      width,
      height,
      x: { domain: xDomain },
      y: { domain: yDomain },
      marks: [
        Plot.gridY({ stroke: 'var(--grid)', strokeOpacity: 1, ticks: 5 }),
        Plot.axisY({ label: o.yLabel, labelArrow: 'none', tickSize: 0, ticks: 5 }),
        Plot.axisX({ label: o.xLabel, labelArrow: 'none', tickSize: 4, ticks: 5 }),
        Plot.ruleX(points, { x: 'x', y1: 'low', y2: 'high', stroke: 'var(--null)', strokeWidth: 1.4 }),
        Plot.dot(points, {
          x: 'x',
          y: 'y',
          r: 5,
          fill: (p: ScatterPoint) => (p.open ? 'var(--surface)' : 'var(--backdoor)'),
          stroke: (p: ScatterPoint) => (p.open ? 'var(--backdoor)' : 'var(--surface)'),
          strokeWidth: 1.5,
          title: (p: ScatterPoint) => `${p.name}: ${decimal(p.x)}, ${decimal(p.y)}`,
        }),
        names,
      ].flat() as Plot.Markish[],
    },
  );
}
