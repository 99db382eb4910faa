/** One quantity of several runs: the poisoned samples of all in one figure, and a figure per run, on shared axes. */

import { partOf } from '../../dynamics/group-id.js';
import type { Trajectory } from '../../dynamics/trajectory.js';
import { padded } from '../../report/figures/frame.js';
import { linesFigure, lookOf } from '../../report/figures/lines.js';
import { type Clock, timeRange } from '../../report/figures/time-axis.js';
import { trajectoryExtent, trajectoryFigure } from '../../report/figures/trajectories.js';
import type { RunView } from '../api.js';
import { Figure } from '../figure.js';
import type { View } from '../view.js';
import { entriesOn, groupItems, Legend } from './legend.js';
import { chooser, trajectoryTable } from './trajectory.js';

interface QuantityProps {
  quantity: 'I(X;T)' | 'I(T;Ŷ)';
  runs: RunView[];
  labels: string[];
  /** The curves of each run that are shown. */
  curves: Trajectory[][];
  /** The checkpoints that are shown. */
  times: number[];
  stamp: string;
  view: View;
  clock: Clock;
}

export function QuantityPanel({ quantity, runs, labels, curves, times, stamp, view, clock }: QuantityProps) {
  const data = runs.map((r, i) => ({
    ...r,
    ...clock,
    times,
    quantity,
    curves: curves[i],
    rows: r.information,
  }));
  const yDomain = padded(data.flatMap(trajectoryExtent));
  const word = quantity.replace(/[^\w]+/g, '-');
  const poisoned = runs.map((r, i) => {
    const c = curves[i].find((x) => x.group === partOf(r.target, 'backdoor') && x.quantity === quantity);
    const shown = c && !view.off.has(labels[i]) ? c : { epochs: [], values: [], standardErrors: [] };
    const points = shown.epochs.map((x, k) => {
      const [y, half] = [shown.values[k], 1.96 * shown.standardErrors[k]];
      return { x, y, low: y - half, high: y + half };
    });
    return { name: labels[i], points };
  });
  const items = labels.map((label, i) => ({ key: label, label, ...lookOf(i) }));
  return (
    <section>
      <h2>{quantity}</h2>
      <div class="grid two">
        <div>
          <Figure
            name={`backdoor-${word}`}
            caption={
              <>
                <b>Poisoned samples of all runs</b>, {quantity}, nats; bands ±1.96 standard errors, within run
              </>
            }
            drawn={stamp}
            draw={(d, width) =>
              linesFigure(poisoned, d, {
                width,
                title: `${quantity} of poisoned samples`,
                yLabel: `${quantity}, nats`,
                x: 'epoch',
                ...clock,
              })
            }
            legend={{ entries: entriesOn(items, view.off) }}
            rows={() => poisoned.flatMap((l) => l.points.map((p) => ({ run: l.name, epoch: p.x, nats: p.y })))}
          />
          <Legend items={items} off={view.off} label="Runs: switch curves on and off" />
        </div>
        {runs.map((r, i) => (
          <Figure
            key={r.id}
            name={`${r.id}-${word}`.replaceAll('/', '-')}
            caption={<b>{labels[i]}</b>}
            drawn={stamp}
            draw={(d, width) => trajectoryFigure({ ...data[i], yDomain }, d, { width, height: 250 })}
            rows={() => trajectoryTable(curves[i], quantity)}
            legend={{ entries: groupItems(r, curves[i]) }}
            choose={chooser(timeRange(times), clock)}
          />
        ))}
      </div>
    </section>
  );
}
