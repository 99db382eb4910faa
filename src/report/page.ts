/** The frame of a page: head, style, script, and the building blocks that all pages share. */
import { type Swatch, swatch } from './figures/legend.js';
import { type Html, html, raw } from './html.js';
import { script, style } from './style.js';

/** Tells the browser to load nothing from anywhere. */
const policy = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'";

export function page(title: string, kicker: Html, header: Html, body: Html, footer: Html): string {
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${policy}"><meta name="color-scheme" content="light dark">
<title>${title}</title><style>${raw(style)}</style></head>
<body><header class="top"><div class="kicker"><span>${kicker}</span><button type="button" class="tools" data-theme-button hidden>Dark</button></div>
${header}</header>
<main>${body}</main>
<footer>${footer}</footer>
<script>${raw(script)}</script></body></html>
`.text;
}

export function section(
  id: string,
  title: string,
  intro: string | Html | null,
  ...content: (Html | null | false)[]
): Html {
  return html`<section id="${id}"><h2>${title}</h2>${intro && html`<p class="intro">${intro}</p>`}${content}</section>\n`;
}

/** Widths at which a figure is drawn: as one of three beside each other, as one of two, and on a narrow screen. */
const widths = { three: 360, two: 548, narrow: 352 };

/**
 * A figure with its caption; `name` is the file name it is saved under. One of two beside each other is drawn twice, for
 * wide and for narrow screens, so that its type keeps its size; the style sheet shows one of them.
 */
export function figure(
  name: string,
  caption: string | Html,
  place: 'two' | 'three',
  drawing: (width: number) => Element,
): Html {
  const plots =
    place === 'three'
      ? html`<div class="plot third">${svgText(drawing(widths.three))}</div>`
      : html`<div class="plot wide">${svgText(drawing(widths.two))}</div><div class="plot narrow">${svgText(drawing(widths.narrow))}</div>`;
  return html`<figure data-name="${name}"><figcaption>${caption}</figcaption>${plots}</figure>`;
}

/** A figure as HTML text: without namespaces, which HTML does not need, and with coordinates to a hundredth of a pixel. */
export function svgText(svg: Element): Html {
  const coordinates = / (?:d|x|y|x1|x2|y1|y2|width|height|transform)="[^"]*"/g;
  return raw(
    svg.outerHTML
      .replace(/ xmlns(:\w+)?="[^"]*"/g, '')
      .replace(coordinates, (attribute) => attribute.replace(/(\.\d\d)\d+/g, '$1')),
  );
}

export function legend(entries: readonly (Swatch & { label: string })[], document: Document): Html {
  return html`<ul class="legend">${entries.map((e) => html`<li>${svgText(swatch(e, document))}${e.label}</li>`)}</ul>`;
}

export interface Column<Row> {
  head: string;
  value: (row: Row) => Html | string | number | null;
  kind?: 't' | 'flag' | 'wrap t';
}

export function table<Row>(rows: readonly Row[], columns: readonly Column<Row>[], open = false): Html {
  const cell = (c: Column<Row>, r: Row) =>
    c.kind ? html`<td class="${c.kind}">${c.value(r)}` : html`<td>${c.value(r)}`;
  return html`<div class="scroll${open && ' open'}" tabindex="0"><table><thead><tr>${columns.map((c) =>
    c.kind ? html`<th class="t" scope="col">${c.head}` : html`<th scope="col">${c.head}`,
  )}</thead><tbody>${rows.map((r) => html`<tr>${columns.map((c) => cell(c, r))}\n`)}</tbody></table></div>`;
}

export function facts(entries: readonly { name: string; value: string; note?: string | null }[]): Html {
  return html`<dl class="facts${entries.length < 5 && ' few'}">${entries.map(
    (f) => html`<div><dt>${f.name}</dt><dd>${f.value}${f.note && html`<small>${f.note}</small>`}</dd></div>`,
  )}</dl>`;
}

export function warningList(warnings: readonly string[]): Html | null {
  if (warnings.length === 0) return null;
  return html`<aside class="warnings" aria-label="Warnings"><b>Before you rely on this</b><ul>${warnings.map((w) => html`<li>${w}</li>`)}</ul></aside>`;
}
