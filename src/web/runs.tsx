/** All runs of the folder, its comparisons, studies and audits: sort, filter, search, and select several runs to compare. */

import { useMemo, useState } from 'preact/hooks';
import { count } from '../report/format.js';
import type { Listing } from './api.js';
import type { Route } from './route.js';
import { AuditTable, auditMatches } from './runs/audits.js';
import { COLUMNS, sortValue, useColumns } from './runs/columns.js';
import { NoMatch, NoRuns } from './runs/empty.js';
import { type Entry, entriesOf, nameOf } from './runs/entries.js';
import { pageMatches } from './runs/pages.js';
import { ReportTable } from './runs/reports.js';
import { searchOf } from './runs/search.js';
import { StudyTable, studyMatches } from './runs/studies.js';
import { RunTable } from './runs/table.js';
import { Tools } from './runs/tools.js';

/** Rows sorted by a column; rows without a value stand last in both directions. */
function sorted(entries: readonly Entry[], sort: string, order: string): Entry[] {
  const column = sort === 'id' ? { key: 'id', head: '', value: nameOf } : COLUMNS.find((c) => c.key === sort);
  if (!column) return [...entries];
  const sign = order === 'down' ? -1 : 1;
  return entries
    .map((entry) => ({ entry, value: sortValue(column, entry.runs) }))
    .sort(({ value: x }, { value: y }) => {
      if (x == null || y == null) return x == null ? (y == null ? 0 : 1) : -1;
      return sign * (typeof x === 'number' && typeof y === 'number' ? x - y : String(x).localeCompare(String(y)));
    })
    .map(({ entry }) => entry);
}

export function RunsPage({ route, listing }: { route: Route; listing?: Listing }) {
  const [picked, setPicked] = useState<string[]>([]);
  const [columns, toggleColumn] = useColumns();
  const get = (name: string) => route.query.get(name) ?? '';
  const [search, state, grouped] = [get('search'), get('state'), get('seeds') !== 'apart'];
  const [sort, order = ''] = get('sort').split(' ');
  const { matches, unknown } = useMemo(() => searchOf(search), [search]);
  const found = useMemo(
    () => listing?.runs.filter((r) => matches(r) && (state === '' || r.state === state)) ?? [],
    [listing, matches, state],
  );
  const entries = useMemo(() => sorted(entriesOf(found, grouped), sort, order), [found, grouped, sort, order]);
  if (!listing) return <p class="note">Reading the folder …</p>;
  const { root, runs, audits, reports, studies } = listing;
  const toggle = (ids: readonly string[]) =>
    setPicked((p) =>
      ids.every((id) => p.includes(id)) ? p.filter((x) => !ids.includes(x)) : [...new Set([...p, ...ids])],
    );
  const below = [
    ...(reports.length > 0 ? [count(reports.length, 'comparison or study', 'comparisons and studies')] : []),
    ...(audits.length > 0 ? [count(audits.length, 'audit')] : []),
  ];
  return (
    <>
      <h1>Runs</h1>
      {runs.length === 0 ? (
        <NoRuns root={root} />
      ) : (
        <>
          <p class="intro">
            {found.length} of {runs.length} in {root}.{below.length > 0 && ` Below: ${below.join(', ')}.`}
          </p>
          <Tools {...{ search, unknown, state, grouped, picked, columns, toggleColumn }} />
          {found.length === 0 ? (
            <NoMatch />
          ) : (
            <RunTable
              {...{ entries, columns, sort, order }}
              open={get('open').split(' ')}
              selection={{ picked, toggle }}
            />
          )}
        </>
      )}
      <StudyTable studies={studies.filter((s) => studyMatches(s, search))} />
      <ReportTable reports={reports.filter((r) => pageMatches(r, search))} />
      <AuditTable audits={audits.filter((a) => auditMatches(a, search))} />
    </>
  );
}
