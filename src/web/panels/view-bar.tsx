/** The unit of the axis of time, and the part of the training that is shown. */

import { type Clock, momentText } from '../../report/figures/time-axis.js';
import { setQuery } from '../route.js';
import { type View, zoomTo } from '../view.js';

interface Props {
  view: View;
  /** The clock under the chosen axis. */
  clock: Clock;
  /** Units that the runs have. */
  axes: readonly ('epochs' | 'steps' | 'time')[];
  /** All checkpoints, in epochs, ascending. */
  epochs: readonly number[];
}

export function ViewBar({ view, clock, axes, epochs }: Props) {
  const chosen = clock.axis ?? 'epochs';
  const [from, to] = [epochs[0], epochs[epochs.length - 1]];
  const [low, high] = view.zoom ?? [from, to];
  const first = epochs.find((e) => e >= low) ?? from;
  const last = epochs.findLast((e) => e <= high) ?? to;
  const set = (a: number, b: number) => (a <= from && b >= to ? setQuery({ zoom: '' }) : zoomTo(a, b));
  return (
    <div class="view-bar">
      <fieldset>
        <legend>Axis</legend>
        {axes.map((axis) => (
          <label key={axis}>
            <input
              type="radio"
              name="axis"
              checked={axis === chosen}
              onChange={() => setQuery({ axis: axis === 'epochs' ? '' : axis })}
            />
            {axis}
          </label>
        ))}
      </fieldset>
      {epochs.length > 2 && (
        <>
          <Moment
            label="From"
            value={first}
            of={epochs.filter((e) => e < last)}
            clock={clock}
            set={(e) => set(e, last)}
          />
          <Moment
            label="To"
            value={last}
            of={epochs.filter((e) => e > first)}
            clock={clock}
            set={(e) => set(first, e)}
          />
          <button type="button" disabled={view.zoom === null} onClick={() => setQuery({ zoom: '' })}>
            Reset zoom
          </button>
          <span class="muted hint">Drag across a figure to zoom.</span>
        </>
      )}
    </div>
  );
}

interface MomentProps {
  label: string;
  value: number;
  of: readonly number[];
  clock: Clock;
  set(epoch: number): void;
}

function Moment({ label, value, of, clock, set }: MomentProps) {
  return (
    <label>
      {label}
      <select value={value} onChange={(e) => set(Number(e.currentTarget.value))}>
        {of.map((e) => (
          <option key={e} value={e}>
            {momentText(e, clock)}
          </option>
        ))}
      </select>
    </label>
  );
}
