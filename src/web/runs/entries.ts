/** The rows of the list of runs: single runs, and runs that differ only in their seed as one row that opens. */
import type { RunSummary } from '../api.js';

/** A row; the runs of a group are in the order of their seeds. */
export interface Entry {
  /** Id of the run, or the key of the group. */
  key: string;
  runs: RunSummary[];
}

export const isGroup = (entry: Entry) => entry.runs.length > 1;

/** Runs in the order given. With `grouped`, those of one configuration under at least two seeds share a row, in the place of the first. */
export function entriesOf(runs: readonly RunSummary[], grouped: boolean): Entry[] {
  const single = (r: RunSummary): Entry => ({ key: r.id, runs: [r] });
  if (!grouped) return runs.map(single);
  const alike = new Map<string, RunSummary[]>();
  for (const r of runs) if (r.group !== undefined) alike.set(r.group, [...(alike.get(r.group) ?? []), r]);
  const begun = new Set<string>();
  return runs.flatMap((r) => {
    const members = (r.group !== undefined && alike.get(r.group)) || [r];
    if (seedsOf(members).length < 2) return [single(r)];
    if (begun.has(r.group!)) return [];
    begun.add(r.group!);
    return [{ key: r.group!, runs: [...members].sort((a, b) => a.seed! - b.seed!) }];
  });
}

/** The seeds of some runs, each once. */
export const seedsOf = (runs: readonly RunSummary[]) => [...new Set(runs.flatMap((r) => r.seed ?? []))];

/** `3 seeds`, or `4 runs of 3 seeds` where a seed was repeated. */
export function seedWords(runs: readonly RunSummary[]): string {
  const seeds = seedsOf(runs).length;
  return seeds === runs.length ? `${seeds} seeds` : `${runs.length} runs of ${seeds} seeds`;
}

/** What a row calls a run. */
export const nameOf = ({ name, id }: RunSummary) => name ?? id;

/** What the names of a group begin with, and a star: `study/badnets-s*`. */
export function groupName(runs: readonly RunSummary[]): string {
  let prefix = nameOf(runs[0]);
  for (const run of runs) while (!nameOf(run).startsWith(prefix)) prefix = prefix.slice(0, -1);
  return `${prefix}*`;
}

/** Mean S as the reports have it: of D = −ln S. */
export function meanScoreOf(runs: readonly RunSummary[]): number | undefined {
  const mean = meanOf(runs.map((r) => (r.score == null ? null : Math.log(r.score))));
  return mean === undefined ? undefined : Math.exp(mean);
}

/** Mean of the values that are there; undefined where none is. */
export function meanOf(values: readonly (number | null | undefined)[]): number | undefined {
  const known = values.filter((v) => v !== null && v !== undefined && Number.isFinite(v)) as number[];
  return known.length === 0 ? undefined : known.reduce((a, b) => a + b, 0) / known.length;
}
