/** Legends whose entries switch curves on and off. */

import type { Trajectory } from '../../dynamics/trajectory.js';
import type { LegendEntry } from '../../report/figures/legend.js';
import type { GroupContext, GroupStyle } from '../../report/groups.js';
import { groupEntries } from '../../report/parts.js';
import { flip } from '../view.js';

export interface LegendItem {
  /** Name of the entry in the address. */
  key: string;
  label: string;
  color: string;
  dash?: string;
  width?: number;
}

/** A switch for each entry. `off`: the keys of those that are switched off. */
export function Legend({
  items,
  off,
  label,
}: {
  items: readonly LegendItem[];
  off: ReadonlySet<string>;
  label: string;
}) {
  return (
    <ul class="legend switches" aria-label={label}>
      {items.map(({ key, label: name, color, dash, width = 2 }) => (
        <li key={key}>
          <button type="button" aria-pressed={!off.has(key)} onClick={() => flip(off, key)}>
            <svg width="26" height="10" aria-hidden="true">
              <line
                x1="0"
                y1="5"
                x2="26"
                y2="5"
                stroke={color}
                stroke-width={Math.max(1.4, width)}
                stroke-dasharray={dash}
              />
            </svg>
            {name}
          </button>
        </li>
      ))}
    </ul>
  );
}

/** The entries that are switched on: the legend of a saved figure. */
export const entriesOn = (items: readonly LegendItem[], off: ReadonlySet<string>): LegendEntry[] =>
  items.filter((item) => !off.has(item.key));

/** An entry for each group that curves show; the other classes share one. */
export function groupItems(
  run: GroupContext,
  curves: readonly Pick<Trajectory, 'group'>[],
): (GroupStyle & LegendItem)[] {
  return groupEntries([{ report: run, curves }]).map((s) => ({ ...s, key: s.role }));
}

/** The groups of a run's figures. */
export function GroupLegend({
  run,
  curves,
  off,
}: {
  run: GroupContext;
  curves: readonly Trajectory[];
  off: ReadonlySet<string>;
}) {
  return <Legend items={groupItems(run, curves)} off={off} label="Groups: switch curves on and off" />;
}
