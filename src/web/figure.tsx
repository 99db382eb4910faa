/** A figure that fills the width it has, and can be saved as SVG, PNG and CSV. */
import type { ComponentChildren } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { csv } from '../formats/csv.js';
import { addLegend, type Legend } from '../report/figures/legend.js';
import { useDrag } from './drag.js';

export type Table = Record<string, string | number | null>[];

interface Props {
  /** Name of the saved files, without the ending. */
  name: string;
  caption: ComponentChildren;
  draw(document: Document, width: number): Element;
  /** Changes when the drawing does. */
  drawn: string;
  rows(): Table;
  /** What a saved figure explains in itself; on the page it stands beside the figure. */
  legend?: Legend;
  /** Changes the drawing in place at every step of the slider, where `draw` would take too long. */
  adjust?(svg: Element): void;
  /** Gets the part of the axis of time that is chosen by dragging, as shares; only for figures with the shared margins. */
  choose?(from: number, to: number): void;
  /** Shown over the figure, such as the mark of an epoch. */
  children?: ComponentChildren;
}

export function Figure({ name, caption, draw, drawn, rows, legend, adjust, choose, children }: Props) {
  const { listeners, chosen } = useDrag(choose);
  const place = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  useEffect(() => {
    const watch = new ResizeObserver(([entry]) => setWidth(Math.round(entry.contentRect.width)));
    watch.observe(place.current!);
    return () => watch.disconnect();
  }, []);
  useLayoutEffect(() => {
    if (width > 0) place.current!.replaceChildren(draw(document, Math.max(240, width)));
  }, [width, drawn]);
  useLayoutEffect(() => {
    const svg = place.current!.firstElementChild;
    if (svg) adjust?.(svg);
  });
  return (
    <figure>
      <figcaption>{caption}</figcaption>
      <div class={choose ? 'drawing zoomable' : 'drawing'} {...listeners}>
        <div ref={place} />
        {children}
        {chosen}
      </div>
      <SaveBar name={name} svg={() => withLegend(place.current!.querySelector('svg')!, legend)} rows={rows} />
    </figure>
  );
}

/** A copy of a figure with its legend below. */
function withLegend(svg: SVGElement, legend?: Legend): SVGElement {
  const copy = svg.cloneNode(true) as SVGElement;
  // The style sheet of Plot is for pages: its height would overrule that of the figure.
  for (const sheet of copy.querySelectorAll('style')) sheet.remove();
  if (legend) addLegend(copy, legend, document);
  return copy;
}

interface SaveProps {
  name: string;
  svg(): SVGElement;
  rows(): Table;
}

/** The buttons that save a figure. */
export function SaveBar({ name, svg, rows }: SaveProps) {
  const files = {
    SVG: () => new Blob([plain(svg())], { type: 'image/svg+xml' }),
    PNG: () => pixels(svg()),
    CSV: () => new Blob([csv(rows())], { type: 'text/csv' }),
  };
  const save = async (kind: keyof typeof files) => {
    const link = document.createElement('a');
    link.href = URL.createObjectURL(await files[kind]());
    link.download = `${name}.${kind.toLowerCase()}`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  };
  return (
    <div class="save">
      {(Object.keys(files) as (keyof typeof files)[]).map((kind) => (
        <button key={kind} type="button" aria-label={`Save ${name} as ${kind}`} onClick={() => save(kind)}>
          {kind}
        </button>
      ))}
    </div>
  );
}

/** The figure as an SVG file: with the present colours and background of the page as literal values. */
function plain(svg: SVGElement): string {
  const style = getComputedStyle(document.documentElement);
  const value = (name: string) => style.getPropertyValue(name).trim() || '#888';
  const text = new XMLSerializer()
    .serializeToString(svg)
    .replace(/var\((--[\w-]+)\)/g, (_, name: string) => value(name))
    .replaceAll('currentColor', value('--ink'));
  const background = `<rect width="100%" height="100%" fill="${value('--page')}"/>`;
  return text.replace(/^<svg[^>]*>/, (open) => `${open}${background}`);
}

/** The figure as PNG, at twice its size. */
async function pixels(svg: SVGElement): Promise<Blob> {
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(plain(svg))}`;
  await image.decode();
  const canvas = document.createElement('canvas');
  canvas.width = 2 * Number(svg.getAttribute('width'));
  canvas.height = 2 * Number(svg.getAttribute('height'));
  canvas.getContext('2d')!.drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve, reject) =>
    canvas.toBlob(
      (b) => (b ? resolve(b) : reject(new Error('the browser cannot make a PNG of this figure'))),
      'image/png',
    ),
  );
}
