/** The information plane up to the moment of the slider. */

import type { Trajectory } from '../../dynamics/trajectory.js';
import { planeFigure, planeTrails, planeUntil } from '../../report/figures/plane.js';
import { momentText } from '../../report/figures/time-axis.js';
import { rampEnds } from '../../report/parts.js';
import type { RunView } from '../api.js';
import { Figure } from '../figure.js';
import { groupItems } from './legend.js';

interface Props {
  run: RunView;
  curves: Trajectory[];
  stamp: string;
  epoch: number;
}

/** What the ends of the ramp of time say; nothing for a single moment, or none. */
function rampOf(curves: readonly Trajectory[], run: RunView): [string, string] | undefined {
  const moments = curves.flatMap((c) => c.epochs);
  const [first, last] = moments.length === 0 ? [] : rampEnds(moments, run);
  return first === undefined || last === undefined ? undefined : [first, last];
}

/** The colours of moments. */
function Ramp({ curves, run }: Pick<Props, 'curves' | 'run'>) {
  const ends = rampOf(curves, run);
  if (!ends) return null;
  return (
    <span class="epochs">
      {ends[0]}
      <span class="ramp" />
      {ends[1]}
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
          <Ramp curves={curves} run={run} />
        </>
      }
      drawn={stamp}
      draw={(document, width) => planeFigure({ ...run, curves }, document, { width, height: heightOf(width) })}
      legend={{ entries: groupItems(run, curves), ramp: rampOf(curves, run) }}
      adjust={(svg) => planeUntil(svg, epoch)}
      rows={() =>
        planeTrails({ ...run, curves }).flatMap((t) =>
          t.points.filter((p) => p.epoch <= epoch).map((p) => ({ group: t.style.label, ...p })),
        )
      }
    />
  );
}
