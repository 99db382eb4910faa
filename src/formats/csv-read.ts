/** Reads CSV and TSV: RFC 4180, line ends of any kind, and a byte-order mark. */
import { UserError } from '../base/errors.js';

/**
 * The rows of a text. `quotes`: whether a field in quotes may hold separators and line breaks; many TSV files have quotes as plain letters. Throws `UserError` for a quote
 * that is not closed; `name` is the file in the message.
 */
export function readDelimited(
  text: string,
  separator: ',' | '\t',
  name: string,
  quotes = separator === ',',
): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let at = text.startsWith('\uFEFF') ? 1 : 0;
  const endRow = () => {
    // A line without anything is no row.
    if (row.length > 1 || row[0] !== '') rows.push(row);
    row = [];
  };
  while (at < text.length) {
    let field = '';
    if (quotes && text[at] === '"') {
      const begun = rows.length + 1;
      for (at++; ; ) {
        const end = text.indexOf('"', at);
        if (end < 0) throw new UserError(`${name}: a quote in row ${begun} is not closed`);
        field += text.slice(at, end);
        at = end + 1;
        if (text[at] !== '"') break;
        field += '"';
        at++;
      }
    }
    let end = at;
    while (end < text.length && text[end] !== separator && text[end] !== '\n' && text[end] !== '\r') end++;
    row.push(field + text.slice(at, end));
    at = end;
    if (at >= text.length) break;
    if (text[at] === separator) {
      at++;
      if (at === text.length) row.push('');
      continue;
    }
    at += text[at] === '\r' && text[at + 1] === '\n' ? 2 : 1;
    endRow();
  }
  if (row.length > 0) endRow();
  return rows;
}
