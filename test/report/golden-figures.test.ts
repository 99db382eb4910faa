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
import { scoresFigure } from '../../src/report/figures/scores.js';
import { svgText } from '../../src/report/page.js';
import { standalone } from '../../src/report/svg-file.js';

const GOLDEN = join(import.meta.dirname, '../golden');
const size = { width: 480 };

/** Figures that `ibscope export` does not write. */
const others = ['scores', 'embedding'] as const;

let run: Exportable;
beforeAll(async () => {
  [run] = await readExportable([join(GOLDEN, 'run')]);
});

function draw(name: (typeof figures)[number] | (typeof others)[number]): string {
  if (name !== 'scores' && name !== 'embedding') return figureFile(name, run, size);
  const document = newDocument();
  const { report } = run;
  const { score, null: range } = report.stealth!;
  const picture = JSON.parse(readFileSync(join(GOLDEN, 'run/embedding.json'), 'utf8'));
  const svg =
    name === 'embedding'
      ? embeddingFigure(picture, 1, report, document, size)
      : scoresFigure(
          [
            { name: 'BadNets', scores: [score!, score! - 0.04], range: [range!.low, range!.high] },
            { name: 'an attack with a name that is too long', scores: [0.9], range: null },
          ],
          document,
          size,
        );
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
