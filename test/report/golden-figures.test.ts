/**
 * The figures of a small run are stored as SVG, so that a changed picture is seen in review. `UPDATE_FIGURES=1 npx vitest run
 * test/report/golden-figures.test.ts` writes them again; `test/golden/run.mjs` says how the run was made.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Exportable, figureFile, figures, readExportable } from '../../src/outputs/index.js';
import { newDocument } from '../../src/report/dom.js';
import { embeddingFigure } from '../../src/report/figures/embedding.js';
import { frontierFigure } from '../../src/report/figures/frontier.js';
import { parallelFigure } from '../../src/report/figures/parallel.js';
import { scoresFigure } from '../../src/report/figures/scores.js';
import { svgText } from '../../src/report/page.js';
import { standalone } from '../../src/report/svg-file.js';

const GOLDEN = join(import.meta.dirname, '../golden');
const size = { width: 480 };

/** Figures that `ibscope export` does not write. */
const others = ['scores', 'embedding', 'frontier', 'parallel'] as const;

let run: Exportable;
beforeAll(async () => {
  [run] = await readExportable([join(GOLDEN, 'run')]);
});

/** Six trials of two attacks. */
const trials = [
  { kind: 'blend', alpha: 0.1, x: 0.42, y: 0.93, frontier: true },
  { kind: 'blend', alpha: 0.2, x: 0.91, y: 0.84, frontier: true },
  { kind: 'blend', alpha: 0.4, x: 1, y: 0.7, frontier: false },
  { kind: 'refool', alpha: 0.1, x: 0.3, y: 0.9, frontier: false },
  { kind: 'refool', alpha: 0.2, x: 0.45, y: 0.92, frontier: true },
  { kind: 'refool', alpha: 0.4, x: 1, y: 0.75, frontier: true },
].map((t, i) => ({ ...t, name: String(i + 1), detail: `trial ${i + 1}`, low: t.y - 0.03, high: t.y + 0.02 }));

const drawings: Record<(typeof others)[number], (document: Document) => Element> = {
  scores(document) {
    const { score, null: range } = run.report.stealth!;
    const rows = [
      { name: 'BadNets', scores: [score!, score! - 0.04], range: [range!.low, range!.high] as [number, number] },
      { name: 'an attack with a name that is too long', scores: [0.9], range: null },
    ];
    return scoresFigure(rows, document, size);
  },
  embedding(document) {
    const picture = JSON.parse(readFileSync(join(GOLDEN, 'run/embedding.json'), 'utf8'));
    return embeddingFigure(picture, 1, run.report, document, size);
  },
  frontier: (document) =>
    frontierFigure(trials, document, { ...size, title: 'S against ASR', xLabel: 'ASR', yLabel: 'S', rule: 0.9 }),
  parallel: (document) =>
    parallelFigure(
      [
        { name: 'attack', values: trials.map((t) => t.kind) },
        { name: 'alpha', values: trials.map((t) => t.alpha), log: true },
        { name: 'ASR', values: trials.map((t) => t.x) },
        { name: 'S', values: trials.map((t) => t.y) },
      ],
      trials.map((t) => ({ name: t.detail, strong: t.frontier })),
      document,
      size,
    ),
};

function draw(name: (typeof figures)[number] | (typeof others)[number]): string {
  if (!(name in drawings)) return figureFile(name as (typeof figures)[number], run, size);
  const svg = drawings[name as (typeof others)[number]](newDocument());
  return standalone(svgText(svg).text.replace(/<style>[^<]*<\/style>/g, ''));
}

describe('the figures of the golden run', () => {
  it.each([...figures, ...others])('%s is the picture that is stored', (name) => {
    // One element per line, so that a difference names the mark.
    const svg = draw(name).replaceAll('><', '>\n<');
    const file = join(GOLDEN, 'figures', `${name}.svg`);
    if (process.env.UPDATE_FIGURES) writeFileSync(file, svg);
    expect(existsSync(file), `${file} is missing: UPDATE_FIGURES=1 writes it`).toBe(true);
    expect(svg.split('\n')).toEqual(readFileSync(file, 'utf8').split('\n'));
  });

  it('are all of the stored pictures', () => {
    const stored = readdirSync(join(GOLDEN, 'figures')).sort();
    expect(stored).toEqual([...figures, ...others].map((name) => `${name}.svg`).sort());
  });
});
