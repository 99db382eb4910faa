/** Figures and self-contained HTML reports of runs. */
export { renderComparison } from './comparison.js';
export { contactSheet, type SheetBlock } from './contact-sheet.js';
export { renderRunReport } from './run-report.js';
export * from './study.js';
export * from './types.js';
