/** What a page shows of its curves: the curves that are switched off, the part of the training, and the unit of the axis. All of it is in the address. */

import { at, type Trajectory } from '../dynamics/trajectory.js';
import type { Clock } from '../report/figures/time-axis.js';
import type { TrainingTime } from '../report/figures/training-time.js';
import { type GroupContext, groupStyle } from '../report/groups.js';
import { type Route, setQuery } from './route.js';

export interface View {
  /** Entries of legends that are switched off: roles of groups, and names of other curves. */
  off: ReadonlySet<string>;
  /** First and last moment shown, in epochs; null: the whole training. */
  zoom: readonly [number, number] | null;
  axis: Clock['axis'];
  /** Changes whenever a figure has to be drawn again. */
  stamp: string;
}

const SEPARATOR = '|';

export function viewOf({ query }: Route): View {
  const off = query.get('off') ?? '';
  const axis = query.get('axis');
  const zoom = (query.get('zoom') ?? '').split(' ').map(Number);
  return {
    off: new Set(off.split(SEPARATOR).filter(Boolean)),
    zoom: zoom.length === 2 && zoom[1] > zoom[0] ? [zoom[0], zoom[1]] : null,
    axis: axis === 'steps' || axis === 'time' ? axis : undefined,
    stamp: `${off} ${axis} ${query.get('zoom')}`,
  };
}

/** Switches an entry of a legend. */
export function flip(off: ReadonlySet<string>, key: string): void {
  const next = new Set(off);
  if (!next.delete(key)) next.add(key);
  setQuery({ off: [...next].join(SEPARATOR) });
}

/** Shows the training from one moment to another, in epochs; nothing where these are one. */
export function zoomTo(from: number, to: number): void {
  if (to > from) setQuery({ zoom: `${from} ${to}` });
}

/** The moments inside the shown part. */
export const inside = (moments: readonly number[], { zoom }: Pick<View, 'zoom'>) =>
  zoom === null ? [...moments] : moments.filter((m) => m >= zoom[0] && m <= zoom[1]);

/** The curves of groups that are switched on, at the moments that are shown. */
export const shownCurves = (curves: readonly Trajectory[], view: View, context: GroupContext): Trajectory[] =>
  curves.flatMap((c) => {
    const role = groupStyle(c.group, context)?.role;
    const epochs = inside(c.epochs, view);
    return (role && view.off.has(role)) || epochs.length === 0 ? [] : at(c, epochs);
  });

/** The clock of a run under the axis of the view; that of epochs where the run cannot have the other. */
export function clockOf(
  { stepsPerEpoch }: Pick<Clock, 'stepsPerEpoch'>,
  time: TrainingTime | null,
  { axis }: Pick<View, 'axis'>,
): Clock {
  const can = axis === 'steps' ? stepsPerEpoch != null : axis === 'time' ? time !== null : false;
  return { stepsPerEpoch, axis: can ? axis : undefined, trainingTime: time };
}
