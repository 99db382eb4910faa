/** Figures saved from the page of a run, in a browser: each holds its legend. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DOMParser } from 'linkedom';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { renderRunReport } from '../../src/report/index.js';
import { example } from '../report/example.js';
import { chromiumPath } from '../server/helpers.js';

if (!chromiumPath) console.log('figures saved in a browser: skipped, needs Chromium (CHROMIUM, or Debian’s)');

describe.skipIf(!chromiumPath)('a figure saved from a report', () => {
  let box: string;
  let browser: Browser;
  let page: Page;
  beforeAll(async () => {
    box = await mkdtemp(join(tmpdir(), 'ibscope-saved-'));
    await writeFile(join(box, 'report.html'), await renderRunReport(example()));
    browser = await chromium.launch({ executablePath: chromiumPath, args: ['--no-sandbox'] });
    page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
    await page.goto(`file://${join(box, 'report.html')}`);
  });
  afterAll(async () => {
    await browser?.close();
    await rm(box, { recursive: true, force: true });
  });

  /** Presses the button of the first figure whose name ends so, and reads the file. */
  async function saved(ending: string) {
    const figure = page.locator(`figure[data-name$="${ending}"]`).first();
    await figure.hover();
    const [download] = await Promise.all([page.waitForEvent('download'), figure.locator('button.save').click()]);
    const text = await readFile(await download.path(), 'utf8');
    return { text, svg: new DOMParser().parseFromString(text, 'image/svg+xml').querySelector('svg')! };
  }

  it.each([
    ['-I-X-T', ['poisoned samples', 'clean samples of the target class', 'other classes']],
    ['-plane', ['poisoned samples', 'other classes', 'epoch 1', 'epoch 12']],
    ['-accuracy', ['clean accuracy', 'training accuracy', 'attack success rate']],
    ['-class-loss', ['poisoned samples', 'other classes']],
    ['-phases', ['expansion', 'compression', 'convergence', 'not resolved']],
  ])('%s: %j, inside the drawing, in literal colours', async (ending, labels) => {
    const { text, svg } = await saved(ending);
    const written = [...svg.querySelectorAll('text')];
    const own = written.filter(
      (t) => t.getAttribute('text-anchor') === 'start' && labels.includes(t.textContent ?? ''),
    );
    expect(own.map((t) => t.textContent)).toEqual(labels);
    const [, , width, height] = svg.getAttribute('viewBox')!.split(' ').map(Number);
    for (const t of own) {
      expect(Number(t.getAttribute('x'))).toBeLessThan(width);
      expect(Number(t.getAttribute('y'))).toBeLessThan(height);
    }
    expect(text).not.toContain('var(');
  });

  it('that has no legend on the page has none in the file', async () => {
    const { svg } = await saved('-score');
    expect([...svg.querySelectorAll('text')].filter((t) => t.textContent === 'other classes')).toEqual([]);
  });
});
