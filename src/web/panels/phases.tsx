/** The training phases of each group. */

import { phaseColor, phaseEntries, phasesFigure } from '../../report/figures/phases.js';
import type { Clock } from '../../report/figures/time-axis.js';
import { groupStyle } from '../../report/groups.js';
import type { RunView } from '../api.js';
import { Figure } from '../figure.js';
import type { View } from '../view.js';
import { cut } from './trajectory.js';

interface Props {
  run: RunView;
  stamp: string;
  view: View;
  clock: Clock;
}

export function PhasesPanel({ run, stamp, view, clock }: Props) {
  const phases = run.phases
    .filter((p) => !view.off.has(groupStyle(p.group, run)?.role ?? ''))
    .map((p) => (view.zoom ? { ...p, phases: cut(p.phases, view.zoom) } : p));
  return (
    <Figure
      name={`${run.id}-phases`}
      caption={
        <>
          <b>Phases</b> of each group; horizontal strokes: 95 % intervals of their ends
          <PhaseLegend />
        </>
      }
      drawn={stamp}
      draw={(document, width) => phasesFigure({ ...run, ...clock, phases }, document, { width })}
      legend={{ entries: phaseEntries }}
      rows={() =>
        run.phases.flatMap((p) => p.phases.map((q) => ({ group: p.group, kind: q.kind, start: q.start, end: q.end })))
      }
    />
  );
}

/** The colour of each kind of phase. */
function PhaseLegend() {
  return (
    <span class="kinds">
      {Object.entries(phaseColor).map(([kind, color]) => (
        <span key={kind}>
          <span class={kind === 'not resolved' ? 'box open' : 'box'} style={{ background: color }} />
          {kind}
        </span>
      ))}
    </span>
  );
}
