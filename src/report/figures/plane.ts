/** The information plane: I(X;T) against I(T;Ŷ), a trail per group, time as colour. */

import * as Plot from '@observablehq/plot';
import { commonEpochs, type Trajectory } from '../../dynamics/trajectory.js';
import { decimal } from '../format.js';
import { type GroupContext, type GroupStyle, groupStyle, roleOrder } from '../groups.js';
import { draw, type FigureSize, padded } from './frame.js';
import { type Clock, momentText, spanText, timeRange, timeShare } from './time-axis.js';

export interface PlaneData extends GroupContext, Clock {
  curves: readonly Trajectory[];
  xDomain?: [number, number];
  yDomain?: [number, number];
  /** Moments, in epochs, of all panels that share the colour ramp; default those of the data. */
  times?: readonly number[];
}

interface Trail {
  style: GroupStyle;
  points: { epoch: number; x: number; y: number }[];
}

/** The trails that the plane draws, in the order of the legend; panels share their ranges by them. */
export function planeTrails({ curves, ...context }: PlaneData): Trail[] {
  const trails: Trail[] = [];
  for (const xt of curves.filter((c) => c.quantity === 'I(X;T)')) {
    const style = groupStyle(xt.group, context);
    const ty = curves.find((c) => c.quantity === 'I(T;Ŷ)' && c.group === xt.group && c.estimator === xt.estimator);
    if (!style || style.role === 'whole' || !ty) continue;
    const points = commonEpochs([xt, ty])
      .map((epoch) => ({ epoch, x: xt.values[xt.epochs.indexOf(epoch)], y: ty.values[ty.epochs.indexOf(epoch)] }))
      .filter((p) => Number.isFinite(p.x) && Number.isFinite(p.y));
    if (points.length > 0) trails.push({ style, points });
  }
  return trails.sort((a, b) => roleOrder.indexOf(a.style.role) - roleOrder.indexOf(b.style.role));
}

/** The colour of a moment, `t` from 0 (first) to 1 (last), along the page's ramp. */
export function rampColor(t: number): string {
  const [from, to, share] = t < 0.5 ? ['a', 'b', 2 * t] : ['b', 'c', 2 * t - 1];
  return `color-mix(in oklab, var(--ramp-${to}) ${Math.round(100 * share)}%, var(--ramp-${from}))`;
}

/** Long because it is one description of marks for Plot. */
export function planeFigure(data: PlaneData, document: Document, size: FigureSize = {}): Element {
  const { width = 460, height = 400 } = size;
  const trails = planeTrails(data);
  const all = trails.flatMap((t) => t.points);
  const moments = data.times ?? all.map((p) => p.epoch);
  const range = timeRange(moments);
  const color = (epoch: number) => rampColor(timeShare(epoch, range));
  const back = [...trails].reverse();
  const main = trails.filter((t) => t.style.role !== 'other');
  const svg = draw(
    document,
    {
      title: 'Information plane',
      description: `I(X;T) against I(T;Ŷ) in nats, one trail per group from ${spanText(Math.min(...moments), range[1], data)}. ${main
        .map((t) => {
          const end = t.points[t.points.length - 1];
          return `${t.style.label} ends at (${decimal(end.x, 2)}, ${decimal(end.y, 2)})`;
        })
        .join('; ')}.`,
    },
    {
      width,
      height,
      x: { domain: data.xDomain ?? padded(all.map((p) => p.x)) },
      y: { domain: data.yDomain ?? padded(all.map((p) => p.y)) },
      marks: [
        Plot.gridY({ stroke: 'var(--grid)', strokeOpacity: 1, ticks: 6 }),
        Plot.gridX({ stroke: 'var(--grid)', strokeOpacity: 1, ticks: 6 }),
        Plot.axisY({ label: 'I(T;Ŷ), nats', labelArrow: 'none', tickSize: 0, ticks: 6 }),
        Plot.axisX({ label: 'I(X;T), nats', labelArrow: 'none', tickSize: 0, ticks: 6 }),
        back.map(({ style, points }) =>
          Plot.line(points, {
            x: 'x',
            y: 'y',
            stroke: style.color,
            strokeWidth: style.role === 'other' ? 0.8 : 1.6,
            strokeOpacity: style.role === 'other' ? 0.7 : 1,
            strokeDasharray: style.dash,
          }),
        ),
        back.map(({ style, points }) =>
          Plot.dot(points, {
            x: 'x',
            y: 'y',
            symbol: style.symbol,
            r: style.role === 'other' ? 2 : 4.4,
            fill: (p: { epoch: number }) => color(p.epoch),
            stroke: style.role === 'other' ? 'none' : style.color,
            strokeWidth: 1.4,
            title: (p: { epoch: number; x: number; y: number }) =>
              `${style.label}\n${momentText(p.epoch, data)}: I(X;T) ${decimal(p.x)}, I(T;Ŷ) ${decimal(p.y)} nats`,
          }),
        ),
      ].flat() as Plot.Markish[],
    },
  );
  const [lines, dots] = ['line', 'dot'].map((part) => [...svg.querySelectorAll(`[data-part=${part}]`)]);
  const drawn = back.map(({ points }, k) => ({
    epochs: points.map((p) => p.epoch),
    line: lines[k].firstElementChild!,
    steps: lines[k].firstElementChild!.getAttribute('d')!.split(/(?=L)/),
    dots: [...dots[k].children],
  }));
  trailsOf.set(svg, drawn);
  return svg;
}

/** The drawn trails of a plane: one step of the line, and one dot, per epoch. */
const trailsOf = new WeakMap<Element, { epochs: number[]; line: Element; steps: string[]; dots: Element[] }[]>();

/** Hides the points of a plane after `epoch`, in place: drawing it again takes too long for a slider that moves. */
export function planeUntil(svg: Element, epoch: number): void {
  for (const { epochs, line, steps, dots } of trailsOf.get(svg) ?? []) {
    const n = epochs.filter((e) => e <= epoch).length;
    const path = steps.slice(0, n).join('');
    if (line.getAttribute('d') !== path) line.setAttribute('d', path);
    dots.forEach((dot, i) => {
      if (i < n === dot.hasAttribute('display')) {
        if (i < n) dot.removeAttribute('display');
        else dot.setAttribute('display', 'none');
      }
    });
  }
}
