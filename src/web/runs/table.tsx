/** The table of runs: heads that sort, rows of runs, and rows of groups that open. */

import { useEffect, useRef, useState } from 'preact/hooks';
import type { RunSummary } from '../api.js';
import { Middle } from '../middle.js';
import { hrefOf, setQuery } from '../route.js';
import { Scroll } from '../scroll.js';
import { type Column, cellOf } from './columns.js';
import { type Entry, groupName, isGroup, nameOf } from './entries.js';

/** Rows laid out at first, and again each time the end is reached: the layout of 500 rows takes longer than a filter may. */
const ROWS = 50;

export interface Selection {
  picked: readonly string[];
  /** Selects these runs, or none of them where all are selected. */
  toggle(ids: readonly string[]): void;
}

interface TableProps {
  entries: readonly Entry[];
  columns: readonly Column[];
  sort: string;
  order: string;
  /** Keys of the groups that are open. */
  open: readonly string[];
  selection: Selection;
}

export function RunTable({ entries, columns, sort, order, open, selection }: TableProps) {
  const [rows, setRows] = useState(ROWS);
  const flip = (key: string) =>
    setQuery({ open: (open.includes(key) ? open.filter((k) => k !== key) : [...open, key]).join(' ') });
  const all = entries.flatMap((entry): { entry: Entry; child?: boolean }[] =>
    isGroup(entry) && open.includes(entry.key)
      ? [{ entry }, ...entry.runs.map((r) => ({ entry: { key: r.id, runs: [r] }, child: true }))]
      : [{ entry }],
  );
  return (
    <>
      <Scroll label="Table of runs">
        <table class="runs">
          <Head columns={columns} sort={sort} order={order} />
          <tbody>
            {all.slice(0, rows).map(({ entry, child }) => (
              <tr key={entry.key} class={child ? `${entry.runs[0].state} child` : entry.runs[0].state}>
                <td>
                  <Pick runs={entry.runs} selection={selection} />
                </td>
                <td class="t name">
                  {isGroup(entry) ? (
                    <button type="button" aria-expanded={open.includes(entry.key)} onClick={() => flip(entry.key)}>
                      <Middle text={groupName(entry.runs)} />
                    </button>
                  ) : (
                    <Name run={entry.runs[0]} />
                  )}
                </td>
                {columns.map((c) => (
                  <td key={c.key} class={c.number ? undefined : 't'}>
                    {cellOf(c, entry.runs)}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
      {all.length > rows && <More left={all.length - rows} show={() => setRows(rows + ROWS)} />}
    </>
  );
}

/** The heads of the columns; a click sorts by a column, a second one the other way. */
function Head({ columns, sort, order }: Pick<TableProps, 'columns' | 'sort' | 'order'>) {
  const heads = [{ key: 'id', head: 'run', number: false }, ...columns];
  return (
    <thead>
      <tr>
        <th scope="col">select</th>
        {heads.map((c) => (
          <th
            key={c.key}
            scope="col"
            class={c.number ? undefined : 't'}
            aria-sort={sort === c.key ? (order === 'down' ? 'descending' : 'ascending') : undefined}
          >
            <button
              type="button"
              onClick={() => setQuery({ sort: `${c.key} ${sort === c.key && order !== 'down' ? 'down' : 'up'}` })}
            >
              {c.head}
              {sort === c.key ? (order === 'down' ? ' ↓' : ' ↑') : ''}
            </button>
          </th>
        ))}
      </tr>
    </thead>
  );
}

/** Selects the run or the runs of a row for a comparison; nothing where none can be read. */
function Pick({ runs, selection: { picked, toggle } }: { runs: readonly RunSummary[]; selection: Selection }) {
  const ids = runs.filter((r) => r.state !== 'damaged').map((r) => r.id);
  if (ids.length === 0) return null;
  return (
    <input
      type="checkbox"
      aria-label={`Select ${runs.length > 1 ? groupName(runs) : nameOf(runs[0])}`}
      checked={ids.every((id) => picked.includes(id))}
      onChange={() => toggle(ids)}
    />
  );
}

/** The name of a run with its tags and note. */
function Name({ run }: { run: RunSummary }) {
  const { id, state, tags = [], note } = run;
  return (
    <>
      {state === 'damaged' ? (
        <Middle text={id} />
      ) : (
        <a href={hrefOf('/run', { id })}>
          <Middle text={nameOf(run)} title={run.name === undefined ? id : `${run.name}\n${id}`} />
        </a>
      )}
      {(tags.length > 0 || note) && (
        <span class="remarks" title={note}>
          {tags.map((t) => (
            <span key={t} class="tag">
              {t}
            </span>
          ))}
          {note}
        </span>
      )}
    </>
  );
}

/** Shows more rows when it is scrolled into view or pressed. */
function More({ left, show }: { left: number; show(): void }) {
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    const watch = new IntersectionObserver(([entry]) => entry.isIntersecting && show());
    watch.observe(button.current!);
    return () => watch.disconnect();
  });
  return (
    <button type="button" ref={button} onClick={show}>
      {left} more
    </button>
  );
}
