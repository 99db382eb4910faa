/** All quantities of the whole training set over epochs, I(T;Y) included. */

import * as Plot from '@observablehq/plot';
import type { Trajectory } from '../../dynamics/trajectory.js';
import type { EstimateRow, Quantity } from '../../dynamics/types.js';
import { decimal } from '../format.js';
import { flagsOf } from '../instrument.js';
import { draw, type FigureSize, innerWidth, padded, valueAxis } from './frame.js';
import { type Clock, momentText, timeAxis } from './time-axis.js';

export const wholeSetLooks: Partial<
  Record<Quantity, { color: string; dash: string; symbol: 'circle' | 'square' | 'triangle' | 'diamond' }>
> = {
  'I(X;T)': { color: 'var(--clean)', dash: 'none', symbol: 'circle' },
  'I(T;Ŷ)': { color: 'var(--backdoor)', dash: '7 3', symbol: 'square' },
  'I(X;Ŷ)': { color: 'var(--all)', dash: '2 3', symbol: 'triangle' },
  'I(T;Y)': { color: 'var(--mixed)', dash: '8 3 2 3', symbol: 'diamond' },
};

/** Curves of group `all`, in the order of the table above. */
export function wholeSetCurves(curves: readonly Trajectory[]): Trajectory[] {
  return Object.keys(wholeSetLooks).flatMap((q) => curves.find((c) => c.group === 'all' && c.quantity === q) ?? []);
}

export interface WholeSetData extends Clock {
  curves: readonly Trajectory[];
  /** Rows the curves came from, for the flags. */
  rows: readonly EstimateRow[];
}

/** Long because it is one description of marks for Plot. */
export function wholeSetFigure(data: WholeSetData, document: Document, size: FigureSize = {}): Element {
  const { width = 360, height = 250 } = size;
  const own = wholeSetCurves(data.curves).map((c) => ({
    look: wholeSetLooks[c.quantity]!,
    name: c.quantity,
    points: c.epochs.map((epoch, i) => {
      const row = data.rows.find((r) => r.group === c.group && r.quantity === c.quantity && r.epoch === epoch);
      const flags = row ? flagsOf(row).join(', ') : '';
      const half = 1.96 * c.standardErrors[i];
      const title = `${c.quantity}, whole training set\n${momentText(epoch, data)}: ${decimal(c.values[i])} ± ${decimal(half)} nats${flags && `\n${flags}`}`;
      return {
        epoch,
        value: c.values[i],
        low: c.values[i] - half,
        high: c.values[i] + half,
        flagged: flags !== '',
        title,
      };
    }),
  }));
  const points = own.flatMap((o) => o.points);
  const axis = timeAxis(
    points.map((p) => p.epoch),
    innerWidth(width),
    data,
  );
  return draw(
    document,
    {
      title: 'Information over the whole training set',
      description: `At the last checkpoint, in nats: ${own.map((o) => `${o.name} ${decimal(o.points[o.points.length - 1].value)}`).join(', ') || 'no estimates'}.`,
    },
    {
      width,
      height,
      x: axis.scale,
      y: { domain: padded(points.flatMap((p) => [p.low, p.high, 0])) },
      marks: [
        valueAxis('information, nats'),
        axis.marks,
        own.map((o) => [
          Plot.ruleX(o.points.length === 1 ? o.points : [], {
            x: 'epoch',
            y1: 'low',
            y2: 'high',
            stroke: o.look.color,
            strokeWidth: 2,
            strokeOpacity: 0.5,
          }),
          Plot.areaY(o.points, { x: 'epoch', y1: 'low', y2: 'high', fill: o.look.color, fillOpacity: 0.15 }),
          Plot.lineY(o.points, {
            x: 'epoch',
            y: 'value',
            stroke: o.look.color,
            strokeWidth: 2,
            strokeDasharray: o.look.dash,
          }),
          Plot.dot(o.points, {
            x: 'epoch',
            y: 'value',
            symbol: o.look.symbol,
            r: 3.2,
            stroke: o.look.color,
            fill: (p: { flagged: boolean }) => (p.flagged ? 'var(--surface)' : o.look.color),
            title: 'title',
          }),
        ]),
      ].flat(2) as Plot.Markish[],
    },
  );
}
