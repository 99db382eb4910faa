/** Rows as CSV (RFC 4180): the first row's keys as its head, nothing where there is no value. */
export function csv(rows: readonly Record<string, string | number | boolean | null | undefined>[]): string {
  if (rows.length === 0) return '';
  const head = Object.keys(rows[0]);
  const cell = (v: string | number | boolean | null | undefined) => {
    const text = v === null || v === undefined ? '' : String(v);
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return `${[head.map(cell).join(','), ...rows.map((r) => head.map((k) => cell(r[k])).join(','))].join('\n')}\n`;
}
