/** Whether the information of single samples separates poisoned samples, over epochs; nothing where it was not recorded. */

import { partOf } from '../../dynamics/group-id.js';
import { separationFigure } from '../../report/figures/separation.js';
import type { RunView } from '../api.js';
import { Figure } from '../figure.js';

export function SeparationPanel({ run, stamp }: { run: RunView; stamp: string }) {
  if (run.separation.length === 0) return null;
  return (
    <Figure
      name={`${run.id}-separation`}
      caption={
        <>
          <b>Sample by sample</b> AUROC of a sample’s own contribution as a score for “is poisoned”, in the target class
        </>
      }
      drawn={stamp}
      draw={(document, width) =>
        separationFigure(run.separation, partOf(run.target, 'all'), document, {
          width,
          stepsPerEpoch: run.stepsPerEpoch,
        })
      }
      rows={() => run.separation.map((s) => ({ ...s }))}
    />
  );
}
