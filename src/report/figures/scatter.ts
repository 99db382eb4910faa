/** Attacks as points of two measures, each named, with their spread over seeds. */

import * as Plot from '@observablehq/plot';
import { decimal } from '../format.js';
import { draw, type FigureSize, padded } from './frame.js';

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
  const middle = (xDomain[0] + xDomain[1]) / 2;
  const named = (right: boolean) => points.filter((p) => p.x > middle === right);
  const text = (right: boolean) =>
    Plot.text(named(right), {
      x: 'x',
      y: 'y',
      text: 'name',
      textAnchor: right ? 'end' : 'start',
      dx: right ? -9 : 9,
      dy: -7,
      fill: 'currentColor',
      stroke: 'var(--surface)',
      strokeWidth: 3,
    });
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
      y: { domain: padded(points.flatMap((p) => [p.low, p.high])) },
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
        text(false),
        text(true),
      ] as Plot.Markish[],
    },
  );
}
