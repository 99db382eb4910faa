/** The information plane up to the moment of the slider. */

import type { Trajectory } from '../../dynamics/trajectory.js';
import { planeFigure, planeTrails, planeUntil } from '../../report/figures/plane.js';
import { momentText } from '../../report/figures/time-axis.js';
import type { RunView } from '../api.js';
import { Figure } from '../figure.js';

interface Props {
  run: RunView;
  curves: Trajectory[];
  stamp: string;
  epoch: number;
}

/** The colours of moments. */
function Ramp({ epochs, run }: { epochs: readonly number[]; run: RunView }) {
  if (epochs.length === 0) return null;
  const [first, last] = [Math.min(...epochs), Math.max(...epochs)];
  return (
    <span class="epochs">
      {momentText(first, run)}
      <span class="ramp" />
      {momentText(last, run)}
    </span>
  );
}

/** Square, as the embedding beside it is; the axes need 300 px. */
const heightOf = (width: number) => Math.max(300, Math.min(560, width));

export function PlanePanel({ run, curves, stamp, epoch }: Props) {
  return (
    <Figure
      name={`${run.id}-plane`}
      caption={
        <>
          <b>Information plane</b> up to {momentText(epoch, run)}, nats; colour of a mark: its moment
          <Ramp epochs={curves.flatMap((c) => c.epochs)} run={run} />
        </>
      }
      drawn={stamp}
      draw={(document, width) => planeFigure({ ...run, curves }, document, { width, height: heightOf(width) })}
      adjust={(svg) => planeUntil(svg, epoch)}
      rows={() =>
        planeTrails({ ...run, curves }).flatMap((t) =>
          t.points.filter((p) => p.epoch <= epoch).map((p) => ({ group: t.style.label, ...p })),
        )
      }
    />
  );
}
