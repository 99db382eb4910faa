/** One quantity of several runs: the poisoned samples of all in one figure, and a figure per run, on shared axes. */

import { partOf } from '../../dynamics/group-id.js';
import type { Trajectory } from '../../dynamics/trajectory.js';
import { padded } from '../../report/figures/frame.js';
import { linesFigure } from '../../report/figures/lines.js';
import { sharedClock } from '../../report/figures/time-axis.js';
import { trajectoryExtent, trajectoryFigure } from '../../report/figures/trajectories.js';
import type { RunView } from '../api.js';
import { Figure } from '../figure.js';
import { trajectoryTable } from './trajectory.js';

interface QuantityProps {
  quantity: 'I(X;T)' | 'I(T;Ŷ)';
  runs: RunView[];
  labels: string[];
  curves: Trajectory[][];
  stamp: string;
}

export function QuantityPanel({ quantity, runs, labels, curves, stamp }: QuantityProps) {
  const { stepsPerEpoch } = sharedClock(runs);
  const times = curves.flatMap((own) => own.flatMap((c) => c.epochs));
  const data = runs.map((r, i) => ({
    ...r,
    stepsPerEpoch,
    times,
    quantity,
    curves: curves[i],
    rows: r.information,
  }));
  const yDomain = padded(data.flatMap(trajectoryExtent));
  const word = quantity.replace(/[^\w]+/g, '-');
  const poisoned = runs.map((r, i) => {
    const c = curves[i].find((x) => x.group === partOf(r.target, 'backdoor') && x.quantity === quantity);
    return { name: labels[i], points: (c?.epochs ?? []).map((x, k) => ({ x, y: c!.values[k] })) };
  });
  return (
    <section>
      <h2>{quantity}</h2>
      <div class="grid two">
        <Figure
          name={`backdoor-${word}`}
          caption={
            <>
              <b>Poisoned samples of all runs</b>, {quantity}, nats
            </>
          }
          drawn={stamp}
          draw={(d, width) =>
            linesFigure(poisoned, d, {
              width,
              title: `${quantity} of poisoned samples`,
              yLabel: `${quantity}, nats`,
              x: 'epoch',
              stepsPerEpoch,
            })
          }
          rows={() => poisoned.flatMap((l) => l.points.map((p) => ({ run: l.name, epoch: p.x, nats: p.y })))}
        />
        {runs.map((r, i) => (
          <Figure
            key={r.id}
            name={`${r.id}-${word}`.replaceAll('/', '-')}
            caption={<b>{labels[i]}</b>}
            drawn={stamp}
            draw={(d, width) => trajectoryFigure({ ...data[i], yDomain }, d, { width, height: 250 })}
            rows={() => trajectoryTable(curves[i], quantity)}
          />
        ))}
      </div>
    </section>
  );
}
