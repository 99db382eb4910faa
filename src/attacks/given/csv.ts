/** Manifests as CSV (RFC 4180) with a line of column names. */
import { UserError } from '../../base/errors.js';
import { rowOf } from './row.js';
import type { Row } from './types.js';

/** Rows of a CSV. Throws `UserError` if no column is called `index` or `file`. */
export const csvRows = (path: string, text: string): Row[] => records(path, text).map((r, i) => rowOf(path, r, i));

/** Records by the names in the first line. */
function records(path: string, text: string): Record<string, string>[] {
  const lines: string[][] = [[]];
  for (const [, quoted, plain, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/g)) {
    lines[lines.length - 1].push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
    if (end !== ',') lines.push([]);
  }
  const [head, ...records] = lines.filter((l) => l.length > 1 || l[0]);
  const names = (head ?? []).map((name) => name.trim());
  if (!names.includes('index') && !names.includes('file'))
    throw new UserError(`--manifest ${path}: its first line names neither index nor file`);
  return records.map((record) =>
    Object.fromEntries(names.flatMap((name, c) => (record[c] === undefined ? [] : [[name, record[c]]]))),
  );
}
