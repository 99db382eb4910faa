/** One entry of a legend: a short stroke with its mark, as they stand in the figures. */
import * as Plot from '@observablehq/plot';

export interface Swatch {
  color: string;
  dash?: string;
  width?: number;
  symbol?: 'circle' | 'square' | 'triangle' | 'diamond' | 'star' | 'cross';
}

/** A decorative drawing, 30 × 12; the label beside it carries the meaning. */
export function swatch({ color, dash = 'none', width = 2, symbol }: Swatch, document: Document): Element {
  const line = [{ x: 0 }, { x: 1 }];
  const svg = Plot.plot({
    document,
    className: 'swatch',
    width: 30,
    height: 12,
    margin: 1,
    axis: null,
    x: { domain: [0, 1] },
    y: { domain: [0, 1] },
    style: { background: 'none' },
    marks: [
      Plot.line(line, { x: 'x', y: 0.5, stroke: color, strokeWidth: width, strokeDasharray: dash }),
      symbol ? Plot.dot([{ x: 0.5 }], { x: 'x', y: 0.5, symbol, r: 3.4, fill: color }) : null,
    ],
  } as Plot.PlotOptions) as unknown as Element;
  svg.setAttribute('aria-hidden', 'true');
  return svg;
}
