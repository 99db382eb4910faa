/** The groups of a run's figures, with the colour and dash of each; the other classes share one entry. */

import type { Trajectory } from '../../dynamics/trajectory.js';
import { groupStyle, roleOrder } from '../../report/groups.js';
import type { RunView } from '../api.js';

export function GroupLegend({ run, curves }: { run: RunView; curves: Trajectory[] }) {
  const styles = curves.flatMap((c) => groupStyle(c.group, run) ?? []);
  const shown = roleOrder.filter((r) => r !== 'whole').flatMap((role) => styles.find((s) => s.role === role) ?? []);
  return (
    <ul class="legend">
      {shown.map((s) => (
        <li key={s.role}>
          <svg width="26" height="10" aria-hidden="true">
            <line
              x1="0"
              y1="5"
              x2="26"
              y2="5"
              stroke={s.color}
              stroke-width={Math.max(1.4, s.width)}
              stroke-dasharray={s.dash}
            />
          </svg>
          {s.role === 'other' ? 'other classes' : s.label}
        </li>
      ))}
    </ul>
  );
}
