/** Legends: an entry is a short stroke with its mark, as they stand in the figures, or a box; a saved figure holds its legend itself. */
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

/** One entry: a stroke with its mark, or a box in a colour, dashed where it is `open`. */
export type LegendEntry = { label: string } & (Swatch | { box: string; open?: boolean });

export interface Legend {
  entries: readonly LegendEntry[];
  /** Words for the first and the last colour of the ramp of time, where the figure has one. */
  ramp?: readonly [string, string];
}

/** Pixels: type of the figures, height of a row, room around the legend, length of a swatch, and width of the ramp of time. */
const TYPE = 11.5;
const ROW = 18;
const ROOM = 14;
const SWATCH = 30;
const RAMP = 130;

/** Room that a label takes, in pixels. Nothing measures type here; letters are at most about 0.57 of its height wide. */
const wide = (label: string) => Math.ceil(0.57 * TYPE * label.length);

/** Places of the entries in rows of at most `width` pixels, from the top left corner of the legend. */
function placed(widths: readonly number[], width: number): { x: number; y: number }[] {
  let [x, y] = [0, 0];
  return widths.map((w) => {
    if (x > 0 && x + w > width) [x, y] = [0, y + ROW];
    const at = { x, y };
    x += w + ROOM;
    return at;
  });
}

const entryWidth = ({ label }: LegendEntry) => SWATCH + 6 + wide(label);
const rampWidth = ([first, last]: readonly [string, string]) => wide(first) + RAMP + wide(last) + 12;

/** Height of a legend in a figure `width` wide, in pixels; 0 for an empty one. */
export function legendHeight({ entries, ramp }: Legend, width: number): number {
  const places = placed([...entries.map(entryWidth), ...(ramp ? [rampWidth(ramp)] : [])], width - 2 * ROOM);
  return places.length === 0 ? 0 : places[places.length - 1].y + ROW + ROOM;
}

/** Adds the legend below a figure of literal width and height, in the drawing itself. */
export function addLegend(svg: Element, legend: Legend, document: Document): void {
  const [width, height] = ['width', 'height'].map((name) => Number(svg.getAttribute(name)));
  const added = legendHeight(legend, width);
  if (added === 0) return;
  const make = (name: string, attributes: Record<string, string | number>, text?: string) => {
    const element = document.createElementNS('http://www.w3.org/2000/svg', name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
    if (text !== undefined) element.textContent = text;
    return element;
  };
  const { entries, ramp } = legend;
  const group = make('g', { 'data-part': 'legend', transform: `translate(${ROOM},${height})`, fill: 'currentColor' });
  // Plot centres the type of a figure.
  group.setAttribute('text-anchor', 'start');
  const words = (text: string, x: number, y: number) => make('text', { x, y: y + 12, 'font-size': TYPE }, text);
  const places = placed([...entries.map(entryWidth), ...(ramp ? [rampWidth(ramp)] : [])], width - 2 * ROOM);
  entries.forEach((entry, i) => {
    const { x, y } = places[i];
    group.append(drawn(entry, { x, y }, make, document), words(entry.label, x + SWATCH + 6, y));
  });
  if (ramp) {
    const { x, y } = places[entries.length];
    const from = x + wide(ramp[0]) + 6;
    const stops = ['a', 'b', 'c'].map((name, i) =>
      make('stop', { offset: i / 2, 'stop-color': `var(--ramp-${name})` }),
    );
    const gradient = make('linearGradient', { id: 'time' });
    gradient.append(...stops);
    const bar = make('rect', { x: from, y: y + 3, width: RAMP, height: 9, rx: 4, fill: 'url(#time)' });
    group.append(gradient, words(ramp[0], x, y), bar, words(ramp[1], from + RAMP + 6, y));
  }
  svg.append(group);
  svg.setAttribute('height', String(height + added));
  svg.setAttribute('viewBox', `0 0 ${width} ${height + added}`);
}

/** The swatch or box of an entry, at its place in the legend. */
function drawn(
  entry: LegendEntry,
  { x, y }: { x: number; y: number },
  make: (name: string, attributes: Record<string, string | number>) => Element,
  document: Document,
): Element {
  if ('box' in entry) {
    const box = make('rect', { x: x + 4, y: y + 2, width: 22, height: 12, fill: entry.box, 'fill-opacity': 0.55 });
    if (entry.open) box.setAttribute('style', 'stroke: var(--axis); stroke-dasharray: 3 3');
    return box;
  }
  const svg = swatch(entry, document);
  svg.setAttribute('x', String(x));
  svg.setAttribute('y', String(y + 2));
  return svg;
}
