/** Figures of a run as SVG files for papers: light colours as literal values, which every converter reads. */

import { UserError } from '../base/errors.js';
import { isNullGroup } from '../dynamics/group-id.js';
import { smooth, trajectories } from '../dynamics/index.js';
import { newDocument } from '../report/dom.js';
import type { FigureSize } from '../report/figures/frame.js';
import { phasesFigure } from '../report/figures/phases.js';
import { planeFigure } from '../report/figures/plane.js';
import { scorePartsFigure } from '../report/figures/score-parts.js';
import { scoreStripFigure } from '../report/figures/score-strip.js';
import { accuracyFigure, classLossFigure, lossFigure, trainingRows } from '../report/figures/training.js';
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

/** The figure as the text of an SVG file. Sizes in pixels. Throws `UserError` where the run lacks what the figure shows. */
export function figureFile(name: FigureName, { run, report }: Exportable, size: FigureSize): string {
  const document = newDocument();
  const { stepsPerEpoch } = report;
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
    accuracy: () => accuracyFigure(trainingRows(report), document, { ...size, stepsPerEpoch }),
    loss: () => lossFigure(trainingRows(report), document, { ...size, stepsPerEpoch }),
    'class-loss': () => classLossFigure({ ...report, rows: report.epochs }, document, size),
  };
  if (['plane', 'ixt', 'ity', 'phases'].includes(name)) need(curves.length > 0, 'estimates');
  if (['score', 'score-parts'].includes(name)) need(report.stealth?.score != null, 'stealth score');
  if (['accuracy', 'loss', 'class-loss'].includes(name)) need(report.epochs.length > 0, 'epochs in its log');
  // The style sheet of Plot is for pages: its height would overrule that of the figure.
  return standalone(svgText(draw[name]()).text.replace(/<style>[^<]*<\/style>/g, ''));
}
