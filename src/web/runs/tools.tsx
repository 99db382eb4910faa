/** Above the list of runs: search, filters, the choice of columns, and the link to the comparison of the selected runs. */

import { hrefOf, setQuery } from '../route.js';
import { COLUMNS, type Column } from './columns.js';
import { FIELD_NAMES } from './search.js';

const STATES = ['done', 'running', 'stopped', 'damaged'];

interface Props {
  search: string;
  /** Names before a colon that are no fields of the search. */
  unknown: readonly string[];
  state: string;
  grouped: boolean;
  picked: readonly string[];
  columns: readonly Column[];
  toggleColumn(key: string): void;
}

export function Tools({ search, unknown, state, grouped, picked, columns, toggleColumn }: Props) {
  const few = picked.length < 2;
  return (
    <>
      <div class="tools-row">
        <label class="wide">
          Search
          <input
            type="search"
            value={search}
            placeholder="badnets seed:1 asr:>0.9 tag:paper"
            onInput={(e) => setQuery({ search: e.currentTarget.value })}
          />
        </label>
        <label>
          State
          <select value={state} onChange={(e) => setQuery({ state: e.currentTarget.value })}>
            <option value="">all</option>
            {STATES.map((s) => (
              <option key={s} value={s}>
                {s}
              </option>
            ))}
          </select>
        </label>
        <label class="check">
          <input
            type="checkbox"
            checked={grouped}
            onChange={(e) => setQuery({ seeds: e.currentTarget.checked ? '' : 'apart' })}
          />
          Group seeds
        </label>
        <Columns columns={columns} toggle={toggleColumn} />
        <a
          class={`button${few ? ' off' : ''}`}
          aria-disabled={few}
          href={few ? undefined : hrefOf('/compare', { ids: picked.join('|') })}
        >
          Compare {picked.length > 0 ? picked.length : ''} selected
        </a>
      </div>
      {unknown.length > 0 && (
        <p class="note" role="status">
          No field is called {unknown.join(', ')}. Fields: {FIELD_NAMES.join(', ')}.
        </p>
      )}
    </>
  );
}

/** A menu with a switch for each column. */
function Columns({ columns, toggle }: { columns: readonly Column[]; toggle(key: string): void }) {
  return (
    <details class="menu">
      <summary class="button">Columns</summary>
      <fieldset>
        <legend>Shown columns</legend>
        {COLUMNS.map((c) => (
          <label key={c.key}>
            <input type="checkbox" checked={columns.some((s) => s.key === c.key)} onChange={() => toggle(c.key)} />
            {c.head}
          </label>
        ))}
      </fieldset>
    </details>
  );
}
