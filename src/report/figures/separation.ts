/** AUROC over epochs of single samples' contributions to I(X;T) and I(T;Ŷ), as a score for “is poisoned”. */
import type { SeparationPoint } from '../types.js';
import type { FigureSize } from './frame.js';
import { linesFigure } from './lines.js';
import type { Clock } from './time-axis.js';
import { wholeSetLooks } from './whole-set.js';

/** The lines. */
export const SEPARATION_QUANTITIES = ['I(X;T)', 'I(T;Ŷ)'] as const;

/** One line per quantity, for the samples of one group, with 95 % bands. */
export function separationFigure(
  points: readonly SeparationPoint[],
  group: string,
  document: Document,
  size: FigureSize & Clock = {},
): Element {
  const lines = SEPARATION_QUANTITIES.map((quantity) => ({
    name: quantity,
    look: wholeSetLooks[quantity],
    points: points
      .filter((s) => s.group === group && s.quantity === quantity)
      .map((s) => ({
        x: s.epoch,
        y: s.auroc,
        low: Math.max(0, s.auroc - 1.96 * s.standardError),
        high: Math.min(1, s.auroc + 1.96 * s.standardError),
      })),
  }));
  return linesFigure(lines, document, {
    ...size,
    title: `AUROC over epochs, ${group === 'all' ? 'whole training set' : 'target class'}`,
    yLabel: 'AUROC',
    x: 'epoch',
    yDomain: [0, 1],
    rule: 0.5,
  });
}
