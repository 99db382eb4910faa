/** CSV (RFC 4180; lines end with `\n`, as pandas writes them). */

/** A cell; nothing is written for null and undefined. */
export type CsvCell = string | number | boolean | null | undefined;

/**
 * Rows as CSV with a line of column names. Names and texts with a comma, quote or line break are quoted. Without `columns`, the
 * columns are the keys of the first row, and no rows are an empty text.
 */
export function csv<Row extends { readonly [Column in keyof Row]: CsvCell }>(
  rows: readonly Row[],
  columns?: readonly (keyof Row & string)[],
): string {
  const head = columns ?? (Object.keys(rows[0] ?? {}) as (keyof Row & string)[]);
  if (head.length === 0) return '';
  const lines = [head.map(cell), ...rows.map((row) => head.map((column) => cell(row[column])))];
  return lines.map((cells) => `${cells.join(',')}\n`).join('');
}

function cell(value: CsvCell): string {
  const text = value === null || value === undefined ? '' : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
