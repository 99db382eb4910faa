/** Figures and self-contained HTML reports of runs. */
export { renderComparison } from './comparison.js';
export { renderRunReport } from './run-report.js';
export * from './types.js';
