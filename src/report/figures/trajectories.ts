/** I(·;·) over epochs, one panel per quantity: the groups of the target class with 95 % bands, the other classes in grey. */

import * as Plot from '@observablehq/plot';
import type { Phase } from '../../dynamics/phases.js';
import type { Trajectory } from '../../dynamics/trajectory.js';
import type { EstimateRow, Quantity } from '../../dynamics/types.js';
import { decimal } from '../format.js';
import { type GroupContext, type GroupStyle, groupStyle, type Role, roleOrder } from '../groups.js';
import { flagsOf } from '../instrument.js';
import { draw, type FigureSize, innerWidth, padded, valueAxis } from './frame.js';
import { phaseColor } from './phases.js';
import { type Clock, momentText, timeAxis } from './time-axis.js';

export interface TrajectoryData extends GroupContext, Clock {
  quantity: Quantity;
  curves: readonly Trajectory[];
  /** Rows the curves came from, for the flags and the ceiling. */
  rows: readonly EstimateRow[];
  /** Phases drawn as a background, those of one group; leave out for none. */
  shading?: readonly Phase[];
  /** Moments, in epochs, of all panels that share the axis of time; default those of the curves. */
  times?: readonly number[];
  /** Range of the values, where several panels share it. */
  yDomain?: [number, number];
  /** Whether what lies outside the range is clipped. */
  cut?: boolean;
  /** Groups to draw; default all but the whole training set, which has another scale. */
  roles?: readonly Role[];
}

interface Point {
  epoch: number;
  value: number;
  low: number;
  high: number;
  flagged: boolean;
  title: string;
}

/** The values and band limits that the panel shows, and the ceiling where a value comes near it; panels share their ranges by them. */
export function trajectoryExtent(data: TrajectoryData): number[] {
  const values = drawn(data).flatMap(({ style, points }) =>
    points.flatMap((p) => (style.role === 'other' ? [p.value] : [p.low, p.high])),
  );
  const ceiling = ceilingOf(data);
  return Math.max(...values) > 0.9 * ceiling ? [...values, ceiling] : values;
}

const ceilingOf = ({ rows, quantity }: TrajectoryData) =>
  Math.min(...rows.filter((r) => r.quantity === quantity).map((r) => r.ceiling));

/** Long because it is one description of marks for Plot. */
export function trajectoryFigure(data: TrajectoryData, document: Document, size: FigureSize = {}): Element {
  const { width = 360, height = 268 } = size;
  const groups = drawn(data);
  const axis = timeAxis(data.times ?? groups.flatMap((g) => g.points.map((p) => p.epoch)), innerWidth(width), data);
  const yDomain = data.yDomain ?? padded(trajectoryExtent(data));
  const back = [...groups].reverse();
  const ceiling = ceilingOf(data);
  const limit = ceiling < yDomain[1] ? [{ ceiling }] : [];
  const resolved = data.rows.some((r) => r.quantity === data.quantity && r.estimator === 'resolved');
  // A single checkpoint has no band: a bar shows its interval.
  const bars = back.filter((g) => g.style.role !== 'other' && g.points.length === 1);
  const bands = back.filter((g) => g.style.role !== 'other' && g.points.length > 1);
  return draw(
    document,
    {
      title: `${data.quantity} over epochs`,
      description: describe(data.quantity, groups),
    },
    {
      width,
      height,
      clip: data.cut,
      x: axis.scale,
      y: { domain: yDomain },
      marks: [
        data.shading?.map((p) =>
          Plot.rect([p], { x1: 'start', x2: 'end', fill: phaseColor[p.kind], fillOpacity: 0.16 }),
        ),
        valueAxis(`${data.quantity}, nats`),
        axis.marks,
        yDomain[0] < 0 && yDomain[1] > 0 ? Plot.ruleY([0], { stroke: 'var(--axis)' }) : null,
        Plot.ruleY(limit, { y: 'ceiling', stroke: 'var(--axis)', strokeDasharray: '1 3' }),
        Plot.text(limit, {
          y: 'ceiling',
          frameAnchor: 'left',
          text: () => (resolved ? 'ln n' : 'ceiling'),
          textAnchor: 'start',
          dx: 4,
          dy: 8,
          fill: 'var(--muted)',
        }),
        bands.map((g) =>
          Plot.areaY(g.points, { x: 'epoch', y1: 'low', y2: 'high', fill: g.style.color, fillOpacity: 0.15 }),
        ),
        bars.map((g) =>
          Plot.ruleX(g.points, {
            x: 'epoch',
            y1: 'low',
            y2: 'high',
            stroke: g.style.color,
            strokeWidth: 2,
            strokeOpacity: 0.5,
          }),
        ),
        back.map(({ style, points }) => [
          Plot.lineY(points, {
            x: 'epoch',
            y: 'value',
            stroke: style.color,
            strokeWidth: style.width,
            strokeDasharray: style.dash,
          }),
          Plot.dot(points, {
            x: 'epoch',
            y: 'value',
            symbol: style.symbol,
            // A hollow mark needs a hole.
            r: style.role !== 'other' ? 3.2 : points.some((p) => p.flagged) ? 2.2 : 1.5,
            stroke: style.color,
            fill: (p: Point) => (p.flagged ? 'var(--surface)' : style.color),
            title: 'title',
          }),
        ]),
      ].flat(2) as Plot.Markish[],
    },
  );
}

function drawn(data: TrajectoryData): { style: GroupStyle; points: Point[] }[] {
  const roles = data.roles ?? roleOrder.filter((r) => r !== 'whole');
  return data.curves
    .filter((c) => c.quantity === data.quantity)
    .map((c) => ({ curve: c, style: groupStyle(c.group, data) }))
    .filter((g): g is { curve: Trajectory; style: GroupStyle } => g.style !== null && roles.includes(g.style.role))
    .sort((a, b) => roleOrder.indexOf(a.style.role) - roleOrder.indexOf(b.style.role))
    .map(({ curve, style }) => ({ style, points: pointsOf(curve, style, data) }));
}

function pointsOf(curve: Trajectory, style: GroupStyle, data: TrajectoryData): Point[] {
  const own = new Map(
    data.rows.filter((r) => r.group === curve.group && r.quantity === curve.quantity).map((r) => [r.epoch, r]),
  );
  return curve.epochs.map((epoch, i) => {
    const value = curve.values[i];
    const half = 1.96 * curve.standardErrors[i];
    const row = own.get(epoch);
    const flags = row ? flagsOf(row).join(', ') : '';
    return {
      epoch,
      value,
      low: value - half,
      high: value + half,
      flagged: flags !== '',
      title: `${style.label}\n${momentText(epoch, data)}: ${decimal(value)} ± ${decimal(half)} nats${flags && `\n${flags}`}`,
    };
  });
}

function describe(quantity: Quantity, groups: { style: GroupStyle; points: Point[] }[]): string {
  const last = groups
    .filter((g) => g.style.role !== 'other')
    .map((g) => `${g.style.label} ${decimal(g.points[g.points.length - 1].value)}`);
  return `Estimated ${quantity} in nats at each checkpoint, one line per group. At the last checkpoint: ${last.join(', ') || 'no group of the target class'}.`;
}
