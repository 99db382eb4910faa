/** Accuracies and losses over time; nothing before the first moment. */

import type { EpochRow } from '../../dynamics/types.js';
import { type Clock, timeRange } from '../../report/figures/time-axis.js';
import {
  accuracyFigure,
  accuracySeries,
  classLossFigure,
  classLossSeries,
  legendName,
  legendOf,
  lossFigure,
  lossSeries,
  type Series,
  type TrainingView,
  trainingRows,
  withValues,
} from '../../report/figures/training.js';
import type { RunView } from '../api.js';
import { Figure, type Table } from '../figure.js';
import { inside, type View } from '../view.js';
import { entriesOn, Legend } from './legend.js';
import { chooser } from './trajectory.js';

interface Props {
  run: RunView;
  stamp: string;
  view: View;
  clock: Clock;
}

/** A figure of training. */
interface Panel {
  id: string;
  title: string;
  unit?: string;
  rows: readonly EpochRow[];
  series: readonly Series[];
  draw(rows: readonly EpochRow[], document: Document, view: TrainingView): Element;
}

export function TrainingPanel({ run, stamp, view, clock }: Props) {
  const moments = trainingRows(run);
  if (moments.length === 0) return null;
  const panels: Panel[] = [
    {
      id: 'accuracy',
      title: 'Accuracy and attack success',
      rows: moments,
      series: accuracySeries,
      draw: accuracyFigure,
    },
    { id: 'loss', title: 'Loss', unit: 'nats', rows: moments, series: lossSeries, draw: lossFigure },
    {
      id: 'class-loss',
      title: 'Training loss by class',
      unit: 'nats',
      rows: run.epochs,
      series: classLossSeries(run.epochs, run),
      draw: (rows, document, options) => classLossFigure({ ...run, rows }, document, options),
    },
  ];
  return (
    <>
      <h2>Training</h2>
      <div class="grid three top">
        {panels.map((panel) => (
          <Drawn key={panel.id} {...{ panel, run, stamp, view, clock }} />
        ))}
      </div>
    </>
  );
}

/** One figure with its legend; nothing where none of its series has a value. */
function Drawn({ panel, run, stamp, view, clock }: Props & { panel: Panel }) {
  const { id, title, unit, rows, series, draw } = panel;
  const known = withValues(series, rows);
  if (known.length === 0) return null;
  const shown = rows.filter((r) => inside([r.epoch], view).length > 0);
  // The figure's axis begins at the first moment with a value.
  const drawn = shown.filter((r) =>
    known.some((s) => !view.off.has(legendName(s)) && Number.isFinite(s.value(r) ?? Number.NaN)),
  );
  const items = legendOf(known).map((s) => ({ ...s, key: s.label }));
  return (
    <div>
      <Figure
        name={`${run.id}-${id}`}
        caption={
          <>
            <b>{title}</b>
            {unit && `, ${unit}`}
          </>
        }
        drawn={stamp}
        draw={(document, width) => draw(shown, document, { width, ...clock, hidden: view.off })}
        rows={() =>
          id === 'class-loss'
            ? rows.flatMap((e) => e.classLoss.map((loss, k) => ({ epoch: e.epoch, class: k, loss })))
            : epochTable(run)
        }
        legend={{ entries: entriesOn(items, view.off) }}
        choose={chooser(timeRange(drawn.map((r) => r.epoch)), clock)}
      />
      <Legend items={items} off={view.off} label={`${title}: switch curves on and off`} />
    </div>
  );
}

const epochTable = (run: RunView): Table =>
  trainingRows(run).map((e) => ({
    epoch: e.epoch,
    testAccuracy: e.testAccuracy,
    trainAccuracy: e.trainAccuracy,
    asr: e.asr,
    testLoss: e.testLoss,
    trainLoss: e.trainLoss,
    backdoorLoss: e.backdoorLoss,
  }));
