/** One quantity of every group over epochs, with a mark at the moment of the slider. */

import { partOf } from '../../dynamics/group-id.js';
import type { Trajectory } from '../../dynamics/trajectory.js';
import { FRAME } from '../../report/figures/frame.js';
import { type Clock, momentAt, timeRange, timeShare } from '../../report/figures/time-axis.js';
import { trajectoryFigure } from '../../report/figures/trajectories.js';
import type { RunView } from '../api.js';
import { Figure, type Table } from '../figure.js';
import { zoomTo } from '../view.js';
import { groupItems } from './legend.js';

interface Props {
  run: RunView;
  quantity: 'I(X;T)' | 'I(T;Ŷ)';
  /** The curves that are shown. */
  curves: Trajectory[];
  stamp: string;
  epoch: number;
  /** The checkpoints that are shown, ascending. */
  epochs: readonly number[];
  clock: Clock;
}

export function TrajectoryPanel({ run, quantity, curves, stamp, epoch, epochs, clock }: Props) {
  const range = timeRange(epochs);
  const phases = run.phases.find((p) => p.group === partOf(run.target, 'backdoor'))?.phases;
  const shading = quantity === 'I(X;T)' ? cut(phases ?? [], range) : undefined;
  return (
    <Figure
      name={`${run.id}-${quantity}`.replace(/[^\w.-]+/g, '-')}
      caption={
        <>
          <b>{quantity}</b> in nats; bands ±1.96 standard errors, within run
          {shading?.some((p) => p.kind !== 'not resolved') && '; shading: phases'}
        </>
      }
      drawn={stamp}
      draw={(document, width) =>
        trajectoryFigure(
          { ...run, ...clock, quantity, curves, times: epochs, rows: run.information, shading },
          document,
          { width, height: 280 },
        )
      }
      rows={() => trajectoryTable(curves, quantity)}
      legend={{ entries: groupItems(run, curves) }}
      choose={chooser(range, clock)}
    >
      {epoch >= range[0] && epoch <= range[1] && <MomentMark share={timeShare(epoch, range, clock)} />}
    </Figure>
  );
}

/** The parts of phases that lie between two moments. */
export const cut = <P extends { start: number; end: number }>(
  phases: readonly P[],
  [from, to]: readonly [number, number],
) =>
  phases
    .map((p) => ({ ...p, start: Math.max(p.start, from), end: Math.min(p.end, to) }))
    .filter((p) => p.end > p.start);

/** Zooms to the part of an axis that is chosen by dragging. */
export const chooser =
  (range: readonly [number, number], clock: Clock) =>
  (from: number, to: number): void =>
    zoomTo(momentAt(from, range, clock), momentAt(to, range, clock));

/** The points of a quantity, one row per group and checkpoint. */
export const trajectoryTable = (curves: readonly Trajectory[], quantity: string): Table =>
  curves
    .filter((c) => c.quantity === quantity)
    .flatMap((c) =>
      c.epochs.map((epoch, i) => ({
        group: c.group,
        quantity,
        epoch,
        nats: c.values[i],
        standardError: c.standardErrors[i],
      })),
    );

/** A vertical line at a share of the axis of time, over a figure with the shared margins. */
function MomentMark({ share }: { share: number }) {
  const { marginLeft, marginRight } = FRAME;
  const x = `calc(${marginLeft}px + ${share} * (100cqw - ${marginLeft + marginRight}px))`;
  // A shift, not a place: the figure below is not drawn again.
  return <div class="mark" style={{ transform: `translateX(${x})` }} />;
}
