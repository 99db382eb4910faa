/** Figures of a run as files for papers: light colours as literal values, which every converter reads, and the legend in the drawing. */

import { UserError } from '../base/errors.js';
import { isNullGroup } from '../dynamics/group-id.js';
import { smooth, type Trajectory, trajectories } from '../dynamics/index.js';
import { newDocument } from '../report/dom.js';
import type { FigureSize } from '../report/figures/frame.js';
import { addLegend, type Legend, legendHeight } from '../report/figures/legend.js';
import { phaseEntries, phasesFigure } from '../report/figures/phases.js';
import { planeFigure, planeTrails } from '../report/figures/plane.js';
import { scorePartsFigure } from '../report/figures/score-parts.js';
import { scoreStripFigure } from '../report/figures/score-strip.js';
import {
  accuracyFigure,
  accuracySeries,
  classLossFigure,
  classLossLegend,
  classLossSeries,
  lossFigure,
  lossSeries,
  trainingRows,
  withValues,
} from '../report/figures/training.js';
import { trajectoryFigure } from '../report/figures/trajectories.js';
import { svgText } from '../report/page.js';
import { groupEntries, rampEnds } from '../report/parts.js';
import { standalone } from '../report/svg-file.js';
import type { FigureName } from './names.js';
import type { Exportable } from './tables.js';

/** Width of a figure without one, in pixels. */
const WIDTH = 560;

/** Pixels of a PNG per pixel of the figure. */
const SHARPNESS = 2;

/** The figure as a PNG file, with twice as many pixels as it is wide and high. Throws as `figureFile` does. */
export async function figurePng(name: FigureName, run: Exportable, size: FigureSize): Promise<Buffer> {
  const { default: sharp } = await import('sharp');
  return sharp(Buffer.from(figureFile(name, run, size)), { density: 72 * SHARPNESS })
    .png()
    .toBuffer();
}

/** The legend of a figure; it has no entries where the figure names its parts itself. */
function legendOf(name: FigureName, { report }: Exportable, curves: readonly Trajectory[]): Legend {
  switch (name) {
    case 'plane': {
      const shown = planeTrails({ ...report, curves }).flatMap((t) => t.points.map((p) => p.epoch));
      const [first, last] = rampEnds(shown, report);
      return { entries: groupEntries([{ report, curves }]), ramp: last === undefined ? undefined : [first, last] };
    }
    case 'ixt':
    case 'ity': {
      const quantity = name === 'ixt' ? 'I(X;T)' : 'I(T;Ŷ)';
      return { entries: groupEntries([{ report, curves: curves.filter((c) => c.quantity === quantity) }]) };
    }
    case 'phases':
      return {
        entries: phaseEntries,
      };
    case 'score':
      return {
        entries: [
          { label: `stealth score of ${report.attack}`, color: 'var(--backdoor)', symbol: 'diamond', width: 0 },
          { label: 'clean classes as the target: each draw, mean, 95 % range', box: 'var(--null)' },
        ],
      };
    case 'score-parts':
      return { entries: [] };
    case 'accuracy':
      return { entries: withValues(accuracySeries, trainingRows(report)) };
    case 'loss':
      return { entries: withValues(lossSeries, trainingRows(report)) };
    case 'class-loss':
      return { entries: classLossLegend(withValues(classLossSeries(report.epochs, report), report.epochs)) };
  }
}

/**
 * The figure as the text of an SVG file, with its legend. Sizes in pixels, the legend included. Throws `UserError` where the run lacks
 * what the figure shows.
 */
export function figureFile(name: FigureName, exported: Exportable, whole: FigureSize): string {
  const { run, report } = exported;
  const document = newDocument();
  const { stepsPerEpoch } = report;
  const window = Number(report.config.window ?? 1);
  const curves = trajectories(report.information)
    .filter((c) => !isNullGroup(c.group))
    .map((c) => smooth(c, window));
  const need = (there: boolean, what: string) => {
    if (!there) throw new UserError(`--figure ${name}: ${run} has no ${what}`);
  };
  if (['plane', 'ixt', 'ity', 'phases'].includes(name)) need(curves.length > 0, 'estimates');
  if (['score', 'score-parts'].includes(name)) need(report.stealth?.score != null, 'stealth score');
  if (['accuracy', 'loss', 'class-loss'].includes(name)) need(report.epochs.length > 0, 'epochs in its log');
  const legend = legendOf(name, exported, curves);
  const { width = WIDTH, height } = whole;
  const size = { width, ...(height === undefined ? {} : { height: height - legendHeight(legend, width) }) };
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
  const svg = draw[name]();
  addLegend(svg, legend, document);
  // The style sheet of Plot is for pages: its height would overrule that of the figure.
  return standalone(svgText(svg).text.replace(/<style>[^<]*<\/style>/g, ''));
}
