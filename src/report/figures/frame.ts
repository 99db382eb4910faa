/** What all figures share: type, margins, and a name and a description for screen readers. */
import * as Plot from '@observablehq/plot';

export interface FigureText {
  /** Short name of the figure. */
  title: string;
  /** One or two sentences on what is drawn. */
  description: string;
}

export interface FigureSize {
  width?: number;
  height?: number;
}

/** Margins of a figure in pixels: room for tick labels of five characters on the left, and for ticks and a label below. */
export const FRAME = { marginLeft: 46, marginTop: 26, marginRight: 14, marginBottom: 38 };

/** Draws a plot with the shared margins and type. Colours are CSS variables of the page; see `style.ts`. */
export function draw(document: Document, text: FigureText, options: Plot.PlotOptions): Element {
  const svg = Plot.plot({
    document,
    className: 'figure',
    ...FRAME,
    style: { fontSize: '11.5px', background: 'none', overflow: 'visible' },
    ...options,
  } as Plot.PlotOptions) as unknown as Element;
  // Screen readers take the figure as one picture. Plot labels its parts, and a part without a role must have no label.
  for (const part of svg.querySelectorAll('g[aria-label]')) {
    part.setAttribute('data-part', part.getAttribute('aria-label')!);
    part.removeAttribute('aria-label');
  }
  svg.setAttribute('role', 'img');
  svg.setAttribute('aria-label', text.title);
  const desc = document.createElementNS(svg.namespaceURI ?? '', 'desc');
  desc.textContent = text.description;
  svg.insertBefore(desc, svg.firstChild);
  return svg;
}

/** Faint horizontal lines and a y axis without ticks. */
export function valueAxis(label: string, options: Plot.AxisYOptions = {}): Plot.Markish[] {
  return [
    Plot.gridY({ stroke: 'var(--grid)', strokeOpacity: 1, ticks: options.ticks ?? 5 }),
    Plot.axisY({ label, labelArrow: 'none', tickSize: 0, ticks: 5, ...options }),
  ];
}

/** Pixels between the margins of a figure `width` wide, where it has the shared ones. */
export const innerWidth = (width: number, { marginLeft, marginRight } = FRAME) => width - marginLeft - marginRight;

/** Ticks of a logarithmic axis: powers of ten, and 2 and 5 times these where fewer than three powers fit. */
export function logTicks([low, high]: readonly [number, number]): number[] {
  const ticks = (factors: number[]) => {
    const found = [];
    for (let p = Math.floor(Math.log10(low)); p <= Math.log10(high); p++)
      found.push(...factors.map((f) => f * 10 ** p));
    return found.filter((t) => t >= low && t <= high);
  };
  const tens = ticks([1]);
  return tens.length > 2 ? tens : ticks([1, 2, 5]);
}

/** Smallest and largest of the finite values with 4 % of room on either side; [0, 1] where there are none. */
export function padded(values: readonly number[]): [number, number] {
  const finite = values.filter(Number.isFinite);
  if (finite.length === 0) return [0, 1];
  const low = Math.min(...finite);
  const high = Math.max(...finite);
  const room = (high - low || Math.abs(high) || 1) * 0.04;
  return [low - room, high + room];
}

/** Characters of a row's name; longer ones are cut. */
const LONGEST = 22;

/** The axis of stealth scores, from the tenth below the least of them to 1: most scores lie near 1. */
export function scoreAxis(scores: readonly number[]): { domain: [number, number]; marks: Plot.Markish[] } {
  const from = Math.max(0, Math.floor((Math.min(1, ...scores) - 0.04) * 10) / 10);
  const label = 'stealth score S (1: as clean samples)';
  return {
    domain: [from, 1],
    marks: [
      Plot.gridX({ stroke: 'var(--grid)', strokeOpacity: 1, ticks: 6 }),
      Plot.axisX({ label, labelArrow: 'none', tickSize: 0, ticks: 5 }),
    ],
  };
}

/** Room for the names of rows on the left, in pixels, and the axis that writes them. */
export function nameAxis(names: readonly string[]): { room: number; mark: Plot.Markish } {
  return {
    room: 6.6 * Math.max(...names.map((n) => Math.min(n.length, LONGEST))),
    mark: Plot.axisY({
      tickSize: 0,
      label: null,
      tickFormat: (n: string) => (n.length > LONGEST ? `${n.slice(0, LONGEST - 1)}…` : n),
    }),
  };
}
