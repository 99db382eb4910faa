/** Figures of a run as SVG files that stand on their own, for papers: light colours as numbers, so that any converter takes them. */

import { UserError } from '../base/errors.js';
import { isNullGroup } from '../dynamics/group-id.js';
import { smooth, trajectories } from '../dynamics/index.js';
import { newDocument } from '../report/dom.js';
import type { FigureSize } from '../report/figures/frame.js';
import { phasesFigure } from '../report/figures/phases.js';
import { planeFigure } from '../report/figures/plane.js';
import { scorePartsFigure } from '../report/figures/score-parts.js';
import { scoreStripFigure } from '../report/figures/score-strip.js';
import { accuracyFigure, classLossFigure, lossFigure } from '../report/figures/training.js';
import { trajectoryFigure } from '../report/figures/trajectories.js';
import { svgText } from '../report/page.js';
import { standalone } from '../report/svg-file.js';
import type { Exportable } from './tables.js';

/** The figures that are exported. */
export const figures = [
  'plane',
  'ixt',
  'ity',
  'phases',
  'score',
  'score-parts',
  'accuracy',
  'loss',
  'class-loss',
] as const;
/** One of `figures`. */
export type FigureName = (typeof figures)[number];

/** The figure as a whole SVG file. Sizes in pixels. Throws `UserError` for one that this run has nothing for. */
export function figureFile(name: FigureName, { run, report }: Exportable, size: FigureSize): string {
  const document = newDocument();
  const window = Number(report.config.window ?? 1);
  const curves = trajectories(report.information)
    .filter((c) => !isNullGroup(c.group))
    .map((c) => smooth(c, window));
  const need = (there: boolean, what: string) => {
    if (!there) throw new UserError(`--figure ${name}: ${run} has no ${what}`);
  };
  const trajectory = (quantity: 'I(X;T)' | 'I(T;Ŷ)') =>
    trajectoryFigure({ ...report, quantity, curves, rows: report.information }, document, size);
  const draw: Record<FigureName, () => Element> = {
    plane: () => planeFigure({ ...report, curves }, document, size),
    ixt: () => trajectory('I(X;T)'),
    ity: () => trajectory('I(T;Ŷ)'),
    phases: () => phasesFigure(report, document, size),
    score: () => scoreStripFigure([{ name: report.attack, stealth: report.stealth! }], document, size),
    'score-parts': () => scorePartsFigure(report.stealth!, document, size),
    accuracy: () => accuracyFigure(report.epochs, document, size),
    loss: () => lossFigure(report.epochs, document, size),
    'class-loss': () => classLossFigure({ ...report, rows: report.epochs }, document, size),
  };
  if (['plane', 'ixt', 'ity', 'phases'].includes(name)) need(curves.length > 0, 'estimates');
  if (['score', 'score-parts'].includes(name)) need(report.stealth?.score != null, 'stealth score');
  if (['accuracy', 'loss', 'class-loss'].includes(name)) need(report.epochs.length > 0, 'epochs in its log');
  // Plot's style sheet is for pages: it sets a variable, and a height that would overrule the figure's own.
  return standalone(svgText(draw[name]()).text.replace(/<style>[^<]*<\/style>/g, ''));
}
