/** One quantity of every group over epochs, with a mark at the moment of the slider. */

import { partOf } from '../../dynamics/group-id.js';
import type { Trajectory } from '../../dynamics/trajectory.js';
import { FRAME } from '../../report/figures/frame.js';
import { timeRange, timeShare } from '../../report/figures/time-axis.js';
import { trajectoryFigure } from '../../report/figures/trajectories.js';
import type { RunView } from '../api.js';
import { Figure, type Table } from '../figure.js';

interface Props {
  run: RunView;
  quantity: 'I(X;T)' | 'I(T;Ŷ)';
  curves: Trajectory[];
  stamp: string;
  epoch: number;
  epochs: readonly number[];
}

export function TrajectoryPanel({ run, quantity, curves, stamp, epoch, epochs }: Props) {
  const phases = run.phases.find((p) => p.group === partOf(run.target, 'backdoor'))?.phases;
  const shading = quantity === 'I(X;T)' ? phases : undefined;
  return (
    <Figure
      name={`${run.id}-${quantity}`.replace(/[^\w.-]+/g, '-')}
      caption={
        <>
          <b>{quantity}</b> over epochs, nats; bands ±1.96 standard errors, within run
        </>
      }
      drawn={stamp}
      draw={(document, width) =>
        trajectoryFigure({ ...run, quantity, curves, rows: run.information, shading }, document, { width, height: 280 })
      }
      rows={() => trajectoryTable(curves, quantity)}
    >
      <MomentMark share={timeShare(epoch, timeRange(epochs))} />
    </Figure>
  );
}

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
  return (
    <div class="mark" style={{ left: `calc(${marginLeft}px + ${share} * (100% - ${marginLeft + marginRight}px))` }} />
  );
}
