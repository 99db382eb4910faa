/** Figures and self-contained HTML reports of runs. */
export { renderComparison } from './comparison.js';
export { comparisonSentences } from './comparison-words.js';
export { contactSheet, type SheetBlock } from './contact-sheet.js';
export { EFFECT_HEAD, effectRows, intervalText, inUnit } from './effects.js';
export { type FrontierPoint, frontierFigure } from './figures/frontier.js';
export { type Line, linesFigure } from './figures/lines.js';
export { parallelFigure } from './figures/parallel.js';
export { type ScatterPoint, scatterFigure } from './figures/scatter.js';
export { type SeededScores, scoresFigure } from './figures/scores.js';
export { sharedClock } from './figures/time-axis.js';
export { trajectoryFigure } from './figures/trajectories.js';
export { decimal, duration } from './format.js';
export { cautions, chanceText, halfLearned, outcome, verdict } from './headline.js';
export { renderRunReport } from './run-report.js';
export { settingsWords } from './settings-words.js';
export * from './study.js';
export * from './types.js';
