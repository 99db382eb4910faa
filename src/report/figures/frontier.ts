/** Trials as points of two measures that are both to be high, and the frontier: the trials that no other one beats in both. */

import * as Plot from '@observablehq/plot';
import { decimal } from '../format.js';
import { draw, type FigureSize, FRAME, padded } from './frame.js';

export interface FrontierPoint {
  /** Written beside the points of the frontier. */
  name: string;
  /** Settings of the trial, for who points at it. */
  detail: string;
  /** What kind of trial it is, such as its attack; kinds differ in their symbol. */
  kind: string;
  x: number;
  y: number;
  low: number;
  high: number;
  frontier: boolean;
}

export interface FrontierOptions extends FigureSize {
  title: string;
  xLabel: string;
  yLabel: string;
  /** A level of x to compare with. */
  rule: number;
}

const SYMBOLS = ['circle', 'diamond', 'square', 'triangle', 'star', 'cross', 'wye', 'asterisk'] as const;

/** Long because it is one description of marks for Plot. */
export function frontierFigure(points: readonly FrontierPoint[], document: Document, o: FrontierOptions): Element {
  const { width = 460, height = 320 } = o;
  const kinds = [...new Set(points.map((p) => p.kind))];
  const symbolOf = (kind: string) => SYMBOLS[kinds.indexOf(kind) % SYMBOLS.length];
  const best = points.filter((p) => p.frontier).sort((a, b) => a.x - b.x || b.y - a.y);
  const xDomain = padded([...points.map((p) => p.x), o.rule]);
  const yDomain = padded(points.flatMap((p) => [p.y, p.low, p.high]));
  const dots = (of: readonly FrontierPoint[], fill: string, r: number) =>
    kinds.map((kind) =>
      Plot.dot(
        of.filter((p) => p.kind === kind),
        {
          x: 'x',
          y: 'y',
          symbol: symbolOf(kind),
          r,
          fill,
          stroke: 'var(--surface)',
          strokeWidth: 1,
          title: (p: FrontierPoint) => `${p.detail}: ${decimal(p.x)}, ${decimal(p.y)}`,
        },
      ),
    );
  return draw(
    document,
    {
      title: o.title,
      description: `${points.length} trials; on the frontier: ${best.map((p) => `${p.detail}: ${decimal(p.x, 2)}, ${decimal(p.y, 2)}`).join('. ')}.`,
    },
    {
      width,
      height,
      marginTop: kinds.length > 1 ? FRAME.marginTop + 18 : FRAME.marginTop,
      x: { domain: xDomain },
      y: { domain: yDomain },
      marks: [
        Plot.gridY({ stroke: 'var(--grid)', strokeOpacity: 1, ticks: 5 }),
        Plot.axisY({ label: o.yLabel, labelArrow: 'none', tickSize: 0, ticks: 5 }),
        Plot.axisX({ label: o.xLabel, labelArrow: 'none', tickSize: 4, ticks: 5 }),
        Plot.ruleX([o.rule], { stroke: 'var(--axis)', strokeDasharray: '1 3' }),
        Plot.ruleX(
          points.filter((p) => p.high > p.low),
          { x: 'x', y1: 'low', y2: 'high', stroke: 'var(--null)', strokeWidth: 1.2, strokeOpacity: 0.6 },
        ),
        // A step, not a slope: between two trials nothing is known to reach more than the lower of both.
        Plot.line(best, { x: 'x', y: 'y', curve: 'step-before', stroke: 'var(--backdoor)', strokeWidth: 1.6 }),
        dots(
          points.filter((p) => !p.frontier),
          'var(--other)',
          4,
        ),
        dots(best, 'var(--backdoor)', 5.5),
        names(best, [xDomain, yDomain], [width, height]).map((n) =>
          Plot.text([n], {
            x: 'x',
            y: 'y',
            text: 'name',
            textAnchor: n.right ? 'end' : 'start',
            dx: n.right ? -7 : 7,
            dy: n.below ? 10 : -9,
            fontWeight: 600,
            fill: 'currentColor',
            stroke: 'var(--surface)',
            strokeWidth: 3,
          }),
        ),
        kinds.length > 1 ? kindRow(kinds, symbolOf) : null,
      ].flat(2) as Plot.Markish[],
    },
  );
}

/** Where the names of the frontier's points stand: left of the last ones, and below a point whose name would lie on the one before. */
function names(
  best: readonly FrontierPoint[],
  [[low, high], [bottom, top]]: readonly [number, number][],
  [width, height]: readonly [number, number],
) {
  let last: { x: number; y: number; below: boolean } | undefined;
  return best.map(({ name, x, y }) => {
    const at = { x: ((x - low) / (high - low)) * width, y: ((y - bottom) / (top - bottom)) * height };
    const near = last !== undefined && Math.abs(at.x - last.x) < 26 && Math.abs(at.y - last.y) < 16;
    const below = near && !last!.below;
    last = { ...at, below };
    return { name, x, y, below, right: x > low + 0.85 * (high - low) };
  });
}

/** The names of the kinds above the plot, each behind its symbol. */
function kindRow(kinds: readonly string[], symbolOf: (kind: string) => (typeof SYMBOLS)[number]): Plot.Markish[] {
  let dx = 4;
  return kinds.flatMap((kind) => {
    const at = { frameAnchor: 'top-left', dy: -12 } as const;
    const marks = [
      Plot.dot([kind], { ...at, dx, symbol: symbolOf(kind), r: 4, fill: 'var(--null)' }),
      Plot.text([kind], {
        ...at,
        dx: dx + 9,
        text: [kind],
        textAnchor: 'start',
        lineAnchor: 'middle',
        fill: 'currentColor',
      }),
    ];
    dx += 26 + 6.4 * kind.length;
    return marks;
  });
}
