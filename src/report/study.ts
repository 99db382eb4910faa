/** The report of a study, drawn from blocks of text, tables and figures: as a page, and as Markdown with SVG files. */
import { type Cell, cellText, isNumeric } from './cells.js';
import { newDocument } from './dom.js';
import { EFFECT_HEAD, effectRows } from './effects.js';
import { gallery } from './gallery.js';
import { type Html, html, withCode } from './html.js';
import { figure, page, section, svgText, table } from './page.js';
import { kicker } from './parts.js';
import { standalone } from './svg-file.js';
import type { Finding, GalleryImage } from './types.js';
import { glossary } from './words.js';

export { type Cell, cellText } from './cells.js';

export type Block =
  | { kind: 'heading'; text: string }
  /** `inTerminal`: printed by the command line too. */
  | { kind: 'text'; text: string; inTerminal?: boolean }
  /** A line for the shell; printed by the command line too. */
  | { kind: 'command'; text: string }
  | {
      kind: 'table';
      head: string[];
      rows: Cell[][];
      /** Printed by the command line too. */
      inTerminal?: boolean;
    }
  | { kind: 'figures'; figures: StudyFigure[] }
  /** Images with and without a trigger; on the page only. */
  | { kind: 'gallery'; images: readonly GalleryImage[] }
  | { kind: 'findings'; findings: Finding[] };

export interface StudyFigure {
  /** File name it is saved under, unique in the report. */
  name: string;
  caption: string;
  /** One line for those who cannot see it, in Markdown. */
  alt: string;
  draw(document: Document, width: number): Element;
}

export interface StudySection {
  id: string;
  title: string;
  intro?: string;
  blocks: Block[];
}

export interface StudyReport {
  title: string;
  /** What was asked, and the answer in a sentence or two; a paragraph each. */
  lede: string | readonly string[];
  sections: StudySection[];
  /** How it was made: hardware, time, version. */
  footer: string;
  /** Numbers of the report for programs; no reader sees them. */
  data?: object;
}

const paragraphs = ({ lede }: Pick<StudyReport, 'lede'>) => (typeof lede === 'string' ? [lede] : lede);

/** The study as one HTML file that loads nothing from outside. */
export async function renderStudy(report: StudyReport): Promise<string> {
  const document = newDocument();
  const sections: Html[] = [];
  for (const s of report.sections) {
    const blocks = [];
    for (const b of s.blocks) blocks.push(b.kind === 'gallery' ? await gallery(b.images) : block(b, document));
    sections.push(section(s.id, s.title, s.intro ?? null, ...blocks));
  }
  sections.push(section('words', 'Words', null, glossary()));
  const body = html`${sections}`;
  return page(
    report.title,
    kicker('study'),
    html`<h1>${report.title}</h1>${paragraphs(report).map((p) => html`<p class="lede">${withCode(p)}</p>`)}`,
    body,
    html`${report.footer}`,
  );
}

function block(b: Exclude<Block, { kind: 'gallery' }>, document: Document): Html {
  switch (b.kind) {
    case 'heading':
      return html`<h3 class="part">${b.text}</h3>`;
    case 'text':
      return html`<p class="intro">${b.text}</p>`;
    case 'command':
      return html`<pre class="command">${b.text}</pre>`;
    case 'table':
      return cellTable(b.head, b.rows);
    case 'figures': {
      const place = b.figures.length === 3 || b.figures.length > 4 ? 'three' : 'two';
      return html`<div class="grid ${place}">${b.figures.map((f) =>
        figure(f.name, html`${f.caption}`, place, (width) => f.draw(document, width)),
      )}</div>`;
    }
    case 'findings':
      return html`<dl class="findings">${b.findings.map(
        (f) =>
          html`<div class="${f.verdict.replace(' ', '-')}"><dt>${f.claim}</dt><dd><b>${f.verdict}</b> ${f.evidence}</dd></div>`,
      )}</dl>${b.findings.some((f) => f.effects.length > 0) && cellTable(EFFECT_HEAD, effectRows(b.findings))}`;
  }
}

const cellTable = (heads: readonly string[], rows: readonly Cell[][]): Html =>
  table(
    rows,
    heads.map((head, i) => ({
      head,
      value: (row: Cell[]) => shown(row[i]),
      kind: isNumeric(rows, i) ? undefined : 't',
    })),
    true,
  );

const shown = (cell: Cell): Html | string =>
  cell !== null && typeof cell === 'object' ? html`<a href="${cell.href}">${cell.text}</a>` : cellText(cell);

export interface MarkdownFiles {
  markdown: string;
  /** File name → SVG that needs no other file. */
  figures: Map<string, string>;
}

const FIGURE_WIDTH = 460;

/** The study as a Markdown page whose figures are in `folder`, relative to it. */
export function studyMarkdown(report: StudyReport, folder: string): MarkdownFiles {
  const document = newDocument();
  const figures = new Map<string, string>();
  const parts = [`# ${report.title}`, ...paragraphs(report)];
  for (const s of report.sections) {
    parts.push(`## ${s.title}`);
    if (s.intro) parts.push(s.intro);
    for (const b of s.blocks) {
      if (b.kind === 'heading') parts.push(`### ${b.text}`);
      if (b.kind === 'text') parts.push(b.text);
      if (b.kind === 'command') parts.push(`\`\`\`sh\n${b.text}\n\`\`\``);
      if (b.kind === 'table')
        parts.push(
          markdownTable(
            b.head,
            b.rows.map((r) => r.map(cellText)),
          ),
        );
      if (b.kind === 'findings') parts.push(...findingTables(b.findings));
      if (b.kind === 'figures' && b.figures.length > 0) {
        for (const f of b.figures)
          figures.set(`${f.name}.svg`, standalone(svgText(f.draw(document, FIGURE_WIDTH)).text));
        parts.push(pictureTable(b.figures, folder));
      }
    }
  }
  parts.push(report.footer);
  return { markdown: `${parts.join('\n\n')}\n`, figures };
}

/** The verdicts, and the effects that they rest on. */
function findingTables(findings: readonly Finding[]): string[] {
  const verdicts = findings.map((f) => [f.claim, `**${f.verdict}**`, f.evidence]);
  const effects = effectRows(findings).map((r) => r.map(cellText));
  return [
    markdownTable(['finding', 'verdict', 'evidence'], verdicts),
    ...(effects.length > 0 ? [markdownTable(EFFECT_HEAD, effects)] : []),
  ];
}

/** Pictures two beside each other, each under its caption. */
function pictureTable(figures: readonly StudyFigure[], folder: string): string {
  const pairs = Array.from({ length: Math.ceil(figures.length / 2) }, (_, i) => figures.slice(2 * i, 2 * i + 2));
  const rows = pairs.flatMap((pair) => [
    pair.map((f) => f.caption),
    pair.map((f) => `![${f.alt.replaceAll(/[[\]]/g, '')}](${folder}/${f.name}.svg)`),
  ]);
  const filled = figures.length > 1 ? rows.map((r) => [...r, ''].slice(0, 2)) : rows;
  return markdownTable(filled[0], filled.slice(1));
}

function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((c) => c.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
