/** The parts of the distance D = −log S: four weighted gaps. The description gives the mean distance of the null. */

import * as Plot from '@observablehq/plot';
import { type StealthQuantity, stealthQuantities } from '../../dynamics/distance.js';
import type { StealthResult } from '../../dynamics/stealth.js';
import { mean } from '../../dynamics/trajectory.js';
import { decimal } from '../format.js';
import { draw, type FigureSize } from './frame.js';

export interface ScorePart {
  quantity: StealthQuantity;
  gap: 'integration' | 'footprint';
  /** The gap itself, in units of the scale, and what it adds to D. */
  size: number;
  contribution: number;
}

/** The four parts of D; they add up to it. Empty where there is no score. */
export function scoreParts({ parts, beta }: StealthResult): ScorePart[] {
  return stealthQuantities.flatMap((quantity) => {
    const part = parts[quantity];
    if (!part) return [];
    const weight = (quantity === 'I(T;Ŷ)' ? beta : 1) / (2 * (1 + beta));
    return [
      { quantity, gap: 'integration' as const, size: part.integrationGap, contribution: weight * part.integrationGap },
      { quantity, gap: 'footprint' as const, size: part.footprintGap, contribution: weight * part.footprintGap },
    ];
  });
}

export function scorePartsFigure(stealth: StealthResult, document: Document, size: FigureSize = {}): Element {
  const { width = 480, height = 190 } = size;
  const bars = scoreParts(stealth).map((p) => ({ ...p, name: `${p.quantity} ${p.gap} gap` }));
  const names = bars.map((b) => b.name);
  const nullMean = stealth.null ? mean(stealth.null.distances) : null;
  const most = Math.max(...bars.map((b) => b.contribution), 0) || 1;
  return draw(
    document,
    {
      title: 'Parts of the distance D',
      description: `D = ${decimal(stealth.distance)} is the sum of ${bars.map((b) => `${b.name} ${decimal(b.contribution)}`).join(', ')}.${
        nullMean === null ? '' : ` Clean classes have a mean D of ${decimal(nullMean)}.`
      }`,
    },
    {
      width,
      height,
      marginLeft: 144,
      marginTop: 8,
      marginRight: 52,
      x: { domain: [0, most * 1.05] },
      y: { type: 'band', domain: names, padding: 0.35, label: null },
      marks: [
        Plot.gridX({ stroke: 'var(--grid)', strokeOpacity: 1, ticks: 4 }),
        Plot.axisX({ label: 'contribution to D', labelArrow: 'none', tickSize: 0, ticks: 4 }),
        Plot.axisY({ tickSize: 0, label: null }),
        bars.map((b) =>
          Plot.barX([b], {
            x: 'contribution',
            y: 'name',
            fill: b.gap === 'integration' ? 'var(--backdoor)' : 'var(--all)',
            fillOpacity: 0.8,
            rx2: 2,
            title: () => `gap of ${decimal(b.size)} in units of the clean classes' mean`,
          }),
        ),
        Plot.text(bars, {
          x: 'contribution',
          y: 'name',
          text: (b: ScorePart) => decimal(b.contribution),
          dx: 6,
          textAnchor: 'start',
          fill: 'currentColor',
        }),
        Plot.ruleX([0], { stroke: 'var(--axis)' }),
      ].flat() as Plot.Markish[],
    },
  );
}
