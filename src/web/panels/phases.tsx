/** The training phases of each group. */

import { phasesFigure } from '../../report/figures/phases.js';
import type { RunView } from '../api.js';
import { Figure } from '../figure.js';

export function PhasesPanel({ run, stamp }: { run: RunView; stamp: string }) {
  return (
    <Figure
      name={`${run.id}-phases`}
      caption={
        <>
          <b>Phases</b> of each group; horizontal strokes: 95 % intervals of their ends
        </>
      }
      drawn={stamp}
      draw={(document, width) => phasesFigure(run, document, { width })}
      rows={() =>
        run.phases.flatMap((p) => p.phases.map((q) => ({ group: p.group, kind: q.kind, start: q.start, end: q.end })))
      }
    />
  );
}
