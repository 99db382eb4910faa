/**
 * Which samples are shown of what an audit found: of each flagged class the named samples above other samples of the class, with those on both sides of the threshold in
 * between; of each noted class both clusters.
 */
import { type Audit, type ClassVerdict, poisonedCluster } from './verdict.js';

/** Samples under a title. */
export interface Block {
  title: string;
  /** Rows of the set in the order in which they are shown. */
  rows: number[];
  /** Whether these samples are named as poisoned. */
  named?: boolean;
}

/** Samples in a line of the picture, and lines of a block. */
export const [COLUMNS, LINES] = [12, 3];

/** The blocks of all flagged and noted classes. If there are none, the samples with the highest scores, so that there is always something to look at. */
export function blocksOf(labels: Int32Array, audit: Audit): Block[] {
  const ranked = [...audit.scores.keys()].sort((a, b) => audit.scores[b] - audit.scores[a] || a - b);
  const of = (isShown: (c: ClassVerdict) => boolean) => audit.classes.flatMap((c, k) => (isShown(c) ? [k] : []));
  const shown = [...of((c) => c.suspicious), ...of((c) => c.note !== null)];
  if (shown.length > 0) return shown.flatMap((k) => ofClass(labels, audit, k, ranked));
  const { label } = audit.classes[labels[ranked[0]]];
  const title = `no class is flagged or noted; samples of ${label}, the class closest to it`;
  return [{ title, rows: ranked.slice(0, LINES * COLUMNS) }];
}

/** The blocks of the flagged or noted class `k`; `ranked`: all samples, highest score first. */
function ofClass(labels: Int32Array, audit: Audit, k: number, ranked: readonly number[]): Block[] {
  const own = ranked.filter((i) => labels[i] === k);
  const verdict = audit.classes[k];
  const { label } = verdict;
  const first = (rows: number[], lines: number) => rows.slice(0, lines * COLUMNS);
  if (verdict.sides && poisonedCluster(verdict) === null)
    return [false, true].map((up) => {
      const rows = own.filter((i) => audit.signals.logOdds[i] > 0 === up);
      const strength = (i: number) => Math.abs(audit.signals.logOdds[i]);
      const title = `${label}: ${up ? 'second' : 'first'} cluster, ${rows.length} samples`;
      return {
        title,
        rows: first(
          rows.sort((a, b) => strength(b) - strength(a)),
          LINES,
        ),
      };
    });
  const count = audit.suspicious.filter((i) => labels[i] === k).length;
  if (count === 0) return [{ title: `${label}: some of its samples; none is named`, rows: first(own, LINES) }];
  const [named, rest] = [own.slice(0, count), own.slice(count)];
  const title = `${label}: ${count} of ${own.length} samples named as poisoned, highest log-odds first`;
  return [
    { title, rows: first(named, 2), named: true },
    {
      title: `${label}: named, lowest log-odds first`,
      rows: first(named.slice(2 * COLUMNS).reverse(), 1),
      named: true,
    },
    { title: `${label}: not named, highest log-odds first`, rows: first(rest.slice(0, -2 * COLUMNS), 1) },
    { title: `${label}: not named, lowest log-odds first`, rows: first(rest.reverse(), 2) },
  ].filter(({ rows }) => rows.length > 0);
}
