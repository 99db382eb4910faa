/** All runs of the folder: sort, filter, search, and select several to compare. */

import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { decimal, percent } from '../report/format.js';
import type { RunSummary } from './api.js';
import { hrefOf, type Route, setQuery } from './route.js';
import { Scroll } from './scroll.js';

interface Column {
  key: string;
  head: string;
  value(r: RunSummary): string | number | null | undefined;
  show?(r: RunSummary): string;
}

const COLUMNS: Column[] = [
  { key: 'id', head: 'run', value: (r) => r.id },
  { key: 'attack', head: 'attack', value: (r) => r.attack },
  {
    key: 'rate',
    head: 'rate',
    value: (r) => r.poisonRate,
    show: (r) => (r.poisonRate === undefined ? '–' : percent(r.poisonRate, 0)),
  },
  { key: 'dataset', head: 'data', value: (r) => r.dataset },
  { key: 'model', head: 'model', value: (r) => r.model },
  { key: 'accuracy', head: 'clean accuracy', value: (r) => r.accuracy, show: (r) => decimal(r.accuracy) },
  { key: 'asr', head: 'ASR', value: (r) => r.asr, show: (r) => decimal(r.asr) },
  { key: 'score', head: 'stealth S', value: (r) => r.score, show: (r) => decimal(r.score) },
  {
    key: 'null',
    head: 'clean classes',
    value: (r) => r.nullRange?.[0],
    show: (r) => (r.nullRange ? `${decimal(r.nullRange[0], 2)}–${decimal(r.nullRange[1], 2)}` : '–'),
  },
  { key: 'state', head: 'state', value: (r) => r.state, show: stateWords },
];

function stateWords(r: RunSummary): string {
  if (r.state === 'running' || r.state === 'stopped') return `${r.state}, ${r.epoch}/${r.epochs}`;
  return r.state;
}

/** Columns of numbers are aligned right. */
const NUMBERS = ['rate', 'accuracy', 'asr', 'score', 'null'];

/** Rows laid out at first, and again each time the end is reached: the layout of 500 rows takes longer than a filter may. */
const ROWS = 120;

const STATES = ['done', 'running', 'stopped', 'damaged'];

/** The runs that match every word of `search` and the state, sorted by a column; runs without a value stand last in both directions. */
function shownRuns(
  runs: readonly RunSummary[],
  { search, state, sort, order }: Record<'search' | 'state' | 'sort' | 'order', string>,
) {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const found = runs.filter((r) => {
    const text = `${r.id} ${r.attack} ${r.dataset} ${r.model} ${r.state}`.toLowerCase();
    return words.every((w) => text.includes(w)) && (state === '' || r.state === state);
  });
  const column = COLUMNS.find((c) => c.key === sort);
  if (!column) return found;
  const sign = order === 'down' ? -1 : 1;
  return found.sort((a, b) => {
    const [x, y] = [column.value(a), column.value(b)];
    if (x == null || y == null) return x == null ? (y == null ? 0 : 1) : -1;
    return sign * (typeof x === 'number' && typeof y === 'number' ? x - y : String(x).localeCompare(String(y)));
  });
}

export function RunsPage({ route, runs, root }: { route: Route; runs?: RunSummary[]; root?: string }) {
  const [picked, setPicked] = useState<string[]>([]);
  const [rows, setRows] = useState(ROWS);
  const search = route.query.get('search') ?? '';
  const state = route.query.get('state') ?? '';
  const [sort, order = ''] = (route.query.get('sort') ?? '').split(' ');
  const shown = useMemo(
    () => shownRuns(runs ?? [], { search, state, sort, order }),
    [runs, search, state, sort, order],
  );
  if (!runs) return <p class="note">Reading the folder …</p>;
  const toggle = (id: string) => setPicked((p) => (p.includes(id) ? p.filter((x) => x !== id) : [...p, id]));
  return (
    <>
      <h1>Runs</h1>
      <p class="intro">
        {runs.length === 0 ? `There is no run in ${root} yet: ` : `${shown.length} of ${runs.length} in ${root}. `}
        {runs.length === 0 && <a href={hrefOf('/new', {})}>start one</a>}
      </p>
      <Tools search={search} state={state} picked={picked} />
      <Scroll label="Table of runs">
        <table class="runs">
          <Head sort={sort} order={order} />
          <tbody>
            {shown.slice(0, rows).map((r) => (
              <Row key={r.id} run={r} picked={picked.includes(r.id)} toggle={toggle} />
            ))}
          </tbody>
        </table>
      </Scroll>
      {shown.length > rows && <More left={shown.length - rows} show={() => setRows(rows + ROWS)} />}
    </>
  );
}

/** Search, filter by state, and the link to the comparison of the selected runs. */
function Tools({ search, state, picked }: { search: string; state: string; picked: readonly string[] }) {
  const few = picked.length < 2;
  return (
    <div class="tools-row">
      <label>
        Search
        <input type="search" value={search} onInput={(e) => setQuery({ search: e.currentTarget.value })} />
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
      <a
        class={`button${few ? ' off' : ''}`}
        aria-disabled={few}
        href={few ? undefined : hrefOf('/compare', { ids: picked.join('|') })}
      >
        Compare {picked.length > 0 ? picked.length : ''} selected
      </a>
    </div>
  );
}

/** The heads of the columns; a click sorts by a column, a second one the other way. */
function Head({ sort, order }: { sort: string; order: string }) {
  return (
    <thead>
      <tr>
        <th scope="col">select</th>
        {COLUMNS.map((c) => (
          <th
            key={c.key}
            scope="col"
            class={NUMBERS.includes(c.key) ? undefined : 't'}
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
        <th scope="col">accuracy over epochs</th>
      </tr>
    </thead>
  );
}

interface RowProps {
  run: RunSummary;
  picked: boolean;
  toggle(id: string): void;
}

function Row({ run, picked, toggle }: RowProps) {
  return (
    <tr class={run.state}>
      <td>
        {run.state !== 'damaged' && (
          <input type="checkbox" aria-label={`Select ${run.id}`} checked={picked} onChange={() => toggle(run.id)} />
        )}
      </td>
      {COLUMNS.map((c) => (
        <td key={c.key} class={NUMBERS.includes(c.key) ? undefined : 't'}>
          {c.key === 'id' && run.state !== 'damaged' ? (
            <a href={hrefOf('/run', { id: run.id })}>{run.id}</a>
          ) : (
            (c.show ?? show(c))(run)
          )}
          {c.key === 'state' && run.problem && <small>{run.problem}</small>}
        </td>
      ))}
      <td>
        <Sparkline values={run.sparkline ?? []} />
      </td>
    </tr>
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

const show = (c: Column) => (r: RunSummary) => String(c.value(r) ?? '–');

function Sparkline({ values }: { values: number[] }) {
  if (values.length < 2) return <span class="muted">–</span>;
  const [w, h] = [84, 20];
  const d = values
    .map(
      (v, i) =>
        `${i === 0 ? 'M' : 'L'}${((i * w) / (values.length - 1)).toFixed(1)} ${(h - 1 - v * (h - 2)).toFixed(1)}`,
    )
    .join('');
  return (
    <svg
      width={w}
      height={h}
      role="img"
      aria-label={`clean accuracy from ${decimal(values[0], 2)} to ${decimal(values[values.length - 1], 2)}`}
    >
      <path d={d} fill="none" stroke="var(--clean)" stroke-width="1.5" />
    </svg>
  );
}
