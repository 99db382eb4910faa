/** Whether the information of single samples separates poisoned samples, over epochs; nothing where it was not recorded. */

import { partOf } from '../../dynamics/group-id.js';
import { SEPARATION_QUANTITIES, separationFigure } from '../../report/figures/separation.js';
import type { Clock } from '../../report/figures/time-axis.js';
import { wholeSetLooks } from '../../report/figures/whole-set.js';
import type { RunView } from '../api.js';
import { Figure } from '../figure.js';
import { inside, type View } from '../view.js';
import { entriesOn, Legend } from './legend.js';

interface Props {
  run: RunView;
  stamp: string;
  view: View;
  clock: Clock;
}

const keyOf = (quantity: string) => `AUROC of ${quantity}`;

export function SeparationPanel({ run, stamp, view, clock }: Props) {
  if (run.separation.length === 0) return null;
  const shown = run.separation.filter((s) => inside([s.epoch], view).length > 0 && !view.off.has(keyOf(s.quantity)));
  const items = SEPARATION_QUANTITIES.map((q) => ({ key: keyOf(q), label: q, ...wholeSetLooks[q]! }));
  return (
    <div>
      <Figure
        name={`${run.id}-separation`}
        caption={
          <>
            <b>Sample by sample</b> AUROC of a sample’s own contribution as a score for “is poisoned”, in the target
            class; bands ±1.96 standard errors
          </>
        }
        drawn={stamp}
        draw={(document, width) => separationFigure(shown, partOf(run.target, 'all'), document, { width, ...clock })}
        legend={{ entries: entriesOn(items, view.off) }}
        rows={() => run.separation.map((s) => ({ ...s }))}
      />
      <Legend items={items} off={view.off} label="Quantities: switch curves on and off" />
    </div>
  );
}
