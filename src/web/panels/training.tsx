/** Accuracies and losses over time; nothing before the first moment. */

import {
  accuracyFigure,
  classLossFigure,
  classLossSeries,
  lossFigure,
  lossSeries,
  trainingRows,
  withValues,
} from '../../report/figures/training.js';
import type { RunView } from '../api.js';
import { Figure, type Table } from '../figure.js';

export function TrainingPanel({ run, stamp }: { run: RunView; stamp: string }) {
  const { id, epochs, stepsPerEpoch } = run;
  const moments = trainingRows(run);
  if (moments.length === 0) return null;
  return (
    <>
      <h2>Training</h2>
      <div class="grid three">
        <Figure
          name={`${id}-accuracy`}
          caption={<b>Accuracy and attack success</b>}
          drawn={stamp}
          draw={(d, width) => accuracyFigure(moments, d, { width, stepsPerEpoch })}
          rows={() => epochTable(run)}
        />
        {withValues(lossSeries, moments).length > 0 && (
          <Figure
            name={`${id}-loss`}
            caption={
              <>
                <b>Loss</b>, nats
              </>
            }
            drawn={stamp}
            draw={(d, width) => lossFigure(moments, d, { width, stepsPerEpoch })}
            rows={() => epochTable(run)}
          />
        )}
        {withValues(classLossSeries(epochs, run), epochs).length > 0 && (
          <Figure
            name={`${id}-class-loss`}
            caption={
              <>
                <b>Training loss by class</b>, nats
              </>
            }
            drawn={stamp}
            draw={(d, width) => classLossFigure({ ...run, rows: epochs }, d, { width })}
            rows={() => epochs.flatMap((e) => e.classLoss.map((loss, k) => ({ epoch: e.epoch, class: k, loss })))}
          />
        )}
      </div>
    </>
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
