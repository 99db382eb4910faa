/** Cells of the tables of a study, for its page, the command line and the dashboard. */

/** A cell with `href` is a link on the page, and text elsewhere. */
export type Cell = string | number | null | { text: string; href: string };

export const cellText = (cell: Cell) => (cell === null ? '–' : typeof cell === 'object' ? cell.text : String(cell));

/** Whether a column holds numbers, which are aligned right; words are aligned left. */
export const isNumeric = (rows: readonly Cell[][], i: number) =>
  rows.every((r) => r[i] === null || typeof r[i] === 'number' || /^[−–\d.]/.test(cellText(r[i])));
