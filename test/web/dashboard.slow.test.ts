/** The dashboard in a real browser, as a person uses it. */
import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { DOMParser } from 'linkedom';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { stealth } from '../../src/dynamics/index.js';
import {
  chromiumPath,
  remove,
  type Served,
  scratch,
  serveFolder,
  writeAudit,
  writeReports,
  writeRun,
} from '../server/helpers.js';

const MAIN = new URL('../../dist/cli/main.js', import.meta.url).pathname;
const OLD = '2025-01-01T00:00:00Z';
const AXE = readFileSync(new URL('../../node_modules/axe-core/axe.min.js', import.meta.url), 'utf8');
if (!chromiumPath) console.log('the dashboard in a browser: skipped, needs Chromium (CHROMIUM, or Debian’s)');

describe.skipIf(!chromiumPath)('the dashboard', () => {
  let served: Served;
  let browser: Browser;
  let page: Page;
  let complaints: string[] = [];

  beforeAll(async () => {
    const folder = await scratch();
    await writeRun(join(folder, 'a-blend'), { attack: 'blend', created: '2026-01-03T00:00:00Z' });
    await writeRun(join(folder, 'b-badnets'), {
      attack: 'badnets',
      offset: -0.1,
      seed: 2,
      created: '2026-01-02T00:00:00Z',
    });
    await writeRun(join(folder, 'c-sig'), { attack: 'sig', offset: -0.8, seed: 3, created: '2026-01-01T00:00:00Z' });
    await writeRun(join(folder, 'wanet-s0'), { attack: 'wanet', offset: -0.2, seed: 0, created: OLD });
    await writeRun(join(folder, 'wanet-s1'), { attack: 'wanet', offset: -0.4, seed: 1, created: OLD });
    await writeAudit(join(folder, 'audited'));
    await writeReports(join(folder, 'compared'));
    served = await serveFolder(folder);
    browser = await chromium.launch({ executablePath: chromiumPath, args: ['--no-sandbox'] });
    page = await browser.newPage({ viewport: { width: 1280, height: 900 }, acceptDownloads: true });
    page.on('console', (m) => {
      if (m.type() === 'error') complaints.push(m.text());
    });
    page.on('pageerror', (e) => complaints.push(e.message));
    await page.goto(`${served.address}#token=${served.token}`);
  });
  afterAll(async () => {
    await browser?.close();
    await served?.close();
    if (served) await remove(served.folder);
  });
  afterEach(() => {
    const heard = complaints;
    complaints = [];
    expect(heard).toEqual([]);
  });

  const kept = (id: string) => JSON.parse(readFileSync(join(served.folder, id, 'stealth.json'), 'utf8'));
  const open = async (hash: string, ready: string) => {
    await page.goto(`${served.address}${hash}`);
    await page.waitForSelector(ready);
  };
  const firstColumn = () =>
    page.$$eval('[aria-label="Table of runs"] .name', (names) => names.map((n) => n.textContent));

  it('takes the token out of the address', async () => {
    await page.waitForSelector('table.runs tbody tr');
    expect(page.url()).not.toContain(served.token);
  });

  it('lists runs, sorts them both ways, filters and searches, and has all that in its address', async () => {
    await open('#/', 'table.runs tbody tr');
    expect(await firstColumn()).toEqual(['a-blend', 'b-badnets', 'c-sig', 'wanet-s*']);
    const score = page.getByRole('button', { name: /stealth S/ });
    await score.click();
    const up = await firstColumn();
    expect(up.filter((name) => name !== 'wanet-s*')).toEqual(['c-sig', 'a-blend', 'b-badnets']);
    await score.click();
    expect(await firstColumn()).toEqual(up.reverse());
    await page.getByLabel('Search').fill('badn');
    expect(await firstColumn()).toEqual(['b-badnets']);
    expect(decodeURIComponent(page.url()).replaceAll('+', ' ')).toContain('sort=score down&search=badn');
  });

  it('groups runs that differ in the seed alone: mean S and its range, and the runs where the row is opened', async () => {
    await open('#/?search=wanet', 'table.runs tbody tr');
    const scores = ['wanet-s0', 'wanet-s1'].map((id) => kept(id).stealth.score);
    // S over seeds comes from the mean of D, as in every report.
    const mean = Math.exp((Math.log(scores[0]) + Math.log(scores[1])) / 2).toFixed(3);
    const [low, high] = [...scores].sort().map((s) => s.toFixed(2));
    const row = page.locator('tr', { hasText: 'wanet-s*' });
    expect(await row.textContent()).toContain(`${mean}${low}–${high}`);
    expect(await row.textContent()).toContain('2 seeds');
    await page.getByRole('button', { name: 'wanet-s*' }).focus();
    await page.keyboard.press('Enter');
    expect(await firstColumn()).toEqual(['wanet-s*', 'wanet-s0', 'wanet-s1']);
    const address = page.url();
    await page.goto('about:blank');
    await page.goto(address);
    await page.getByRole('link', { name: 'wanet-s1' }).waitFor();
    await page.getByLabel('Group seeds').uncheck();
    expect(await firstColumn()).toEqual(['wanet-s0', 'wanet-s1']);
  });

  it('searches by field, and says which fields there are', async () => {
    await open('#/', 'table.runs tbody tr');
    await page.getByLabel('Search').fill('seed:2 attack:badnets');
    expect(await firstColumn()).toEqual(['b-badnets']);
    await page.getByLabel('Search').fill('sead:2');
    await page.getByText(/No field is called sead\. Fields: run, attack/).waitFor();
    await page.getByRole('button', { name: 'Show all runs' }).click();
    expect(await firstColumn()).toHaveLength(4);
  });

  it('fits the list into 1280 pixels, shows and hides columns, and keeps the choice', async () => {
    await open('#/', 'table.runs tbody tr');
    const wider = () =>
      page.$eval('section[aria-label="Table of runs"]', (section) => section.scrollWidth - section.clientWidth);
    expect(await wider()).toBe(0);
    const heads = () => page.$$eval('[aria-label="Table of runs"] th', (all) => all.map((th) => th.textContent));
    expect(await heads()).toContain('seed');
    await page.getByText('Columns', { exact: true }).click();
    await page.getByLabel('seed', { exact: true }).uncheck();
    await page.reload();
    await page.waitForSelector('table.runs tbody tr');
    expect(await heads()).not.toContain('seed');
    await page.evaluate(() => localStorage.removeItem('ibscope-columns'));
  });

  it('lists audits under the runs, and shows what one found', async () => {
    await open('#/', 'table.runs tbody tr');
    await page.getByRole('link', { name: 'audited' }).click();
    expect(await page.locator('[data-verdict]').textContent()).toMatch(
      /^Suspicious: "star"\. The samples of "star" form two clusters, .* looks like samples of other classes.* 2 samples named;/,
    );
  });

  it('lists comparisons and studies under the runs, and opens the page of one, which cannot read the token', async () => {
    await open('#/', 'table.runs tbody tr');
    const table = page.locator('[aria-label="Table of comparisons and studies"]');
    expect(await table.locator('.said').allTextContents()).toEqual(['blend is stealthier.', 'The best is trial 3.']);
    await table.locator('a[href$="sweep.html"]').click();
    await page.waitForURL(/\/reports\/compared\/my%20sweep\/sweep\.html$/);
    expect(await page.title()).toBe('swept');
    expect(
      await page.evaluate(() => {
        try {
          return sessionStorage.length;
        } catch (error) {
          return (error as Error).name;
        }
      }),
    ).toBe('SecurityError');
  });

  it('keeps a note and tags in the folder of the run, and finds the run by them', async () => {
    await open('#/run?id=c-sig', '[data-live-score]');
    await page.getByRole('button', { name: 'Add a note or tags' }).click();
    await page.getByLabel('Tags').fill('paper, baseline');
    await page.getByLabel('Note').fill('Third of the paper.');
    await page.getByRole('button', { name: 'Save note' }).click();
    await page.locator('[data-notes]', { hasText: 'Third of the paper.' }).waitFor();
    const file = join(served.folder, 'c-sig', 'notes.json');
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({
      note: 'Third of the paper.',
      tags: ['paper', 'baseline'],
    });
    await open('#/?search=tag:baseline', 'table.runs tbody tr');
    expect(await firstColumn()).toEqual(['c-sigpaperbaselineThird of the paper.']);
    rmSync(file);
  });

  it('says what to type where there is no run', async () => {
    const empty = await scratch();
    const other = await serveFolder(empty);
    await page.goto(other.address);
    const command = await page.locator('.empty pre').textContent();
    expect(command).toBe(`npx ibscope run --attack badnets --out ${empty}/badnets`);
    await other.close();
    await remove(empty);
    await page.goto('about:blank');
    complaints = complaints.filter((c) => !c.includes('ERR_'));
  });

  it('moves everything to the checkpoint of the slider, by keyboard too, and the address restores it', async () => {
    await open('#/run?id=a-blend', '[data-live-score]');
    const scrubber = page.getByLabel('Checkpoint', { exact: true });
    const trail = () => page.locator('figure', { hasText: 'Information plane' }).locator('figcaption').textContent();
    expect(await trail()).toContain('up to epoch 12');
    await scrubber.focus();
    await page.keyboard.press('Home');
    await page.keyboard.press('ArrowRight');
    expect(await page.locator('.scrubber output').textContent()).toBe('epoch 2');
    expect(await trail()).toContain('up to epoch 2');
    // Two checkpoints of six are passed: a third of the dots is seen.
    const dots = page.locator('figure', { hasText: 'Information plane' }).locator('[data-part=dot] > *');
    const hidden = await dots.evaluateAll((all) => all.filter((d) => d.getAttribute('display') === 'none').length);
    expect(hidden / (await dots.count())).toBeCloseTo(2 / 3, 10);
    expect(await page.locator('figure', { hasText: 'T by UMAP' }).locator('figcaption').textContent()).toContain(
      'at epoch 2',
    );
    const address = page.url();
    await page.goto('about:blank');
    await page.goto(address);
    await page.waitForSelector('[data-live-score]');
    expect(await trail()).toContain('up to epoch 2');
  });

  it('scores under another β and window as the command line’s arithmetic does', async () => {
    await open('#/run?id=a-blend&beta=4&window=3', '[data-live-score]');
    const rows = readFileSync(join(served.folder, 'a-blend', 'information.jsonl'), 'utf8')
      .trim()
      .split('\n')
      .map((l) => JSON.parse(l));
    const truth = (options: object) => stealth(rows, { target: 0, ...options }).score!.toFixed(3);
    expect(await page.locator('[data-live-score]').textContent()).toBe(truth({ beta: 4, window: 3 }));
    await page.getByLabel('β, weight of I(T;Ŷ)').focus();
    await page.keyboard.press('End');
    expect(await page.locator('[data-live-score]').textContent()).toBe(truth({ beta: 10, window: 3 }));
    expect(await page.locator('[data-score]').textContent()).toBe(truth({ beta: 10, window: 3 }));
    await page.getByRole('button', { name: 'Reset to the run’s own' }).click();
    expect(await page.locator('[data-live-score]').textContent()).toBe(truth({ beta: 1, window: 1 }));
  });

  it('says the verdict that the command line writes into its report, and sets S apart from the values of one epoch', async () => {
    const copy = await scratch();
    await cp(join(served.folder, 'a-blend'), copy, { recursive: true });
    execFileSync(process.execPath, [MAIN, 'report', copy]);
    const report = new DOMParser().parseFromString(readFileSync(join(copy, 'report.html'), 'utf8'), 'text/html');
    const [outcome, verdict] = [...report.querySelectorAll('.lede')].map((p) => p.textContent);
    await remove(copy);
    await open('#/run?id=a-blend', '[data-live-score]');
    const told = await page.$$eval('.lede', (all) => all.map((p) => p.textContent));
    expect(verdict).toMatch(/^The stealth score is/);
    expect(told).toEqual([outcome, verdict]);
    expect(await page.locator('dl.now.whole').textContent()).toMatch(/^S \(whole run\)/);
    expect(await page.locator('dl.now').first().textContent()).not.toContain('S (whole');
  });

  it('shows every setting of the run, the words, and names the rows of the trigger', async () => {
    await open('#/run?id=a-blend', '[data-live-score]');
    const { config } = JSON.parse(readFileSync(join(served.folder, 'a-blend', 'run.json'), 'utf8'));
    const rows = await page.$$eval('[data-configuration] tbody tr', (all) =>
      all.map((row) => [...row.children].map((cell) => cell.textContent)),
    );
    expect(rows.map(([name]) => name)).toEqual(Object.keys(config));
    expect(Object.fromEntries(rows).seed).toBe(String(config.seed));
    expect(await page.locator('dl.words dt').allTextContents()).toContain('Stealth score S');
  });

  /** Names of the curves of I(X;T), from the legend's own figure. */
  const curvesShown = () =>
    page
      .locator('figure', { hasText: 'I(X;T) in nats' })
      .locator('[data-part=dot]')
      .evaluateAll((groups) => groups.map((g) => g.querySelector('title')?.textContent?.split('\n')[0]).sort());

  it('switches curves at the legend, by keyboard too, and has that in its address', async () => {
    await open('#/run?id=a-blend', '[data-live-score]');
    const before = await curvesShown();
    expect(before).toContain('poisoned samples');
    const poisoned = page.getByRole('button', { name: 'poisoned samples' }).first();
    await poisoned.click();
    expect(await poisoned.getAttribute('aria-pressed')).toBe('false');
    expect(await curvesShown()).toEqual(before.filter((name) => name !== 'poisoned samples'));
    await page.getByRole('button', { name: 'other classes' }).first().focus();
    await page.keyboard.press('Space');
    const left = await curvesShown();
    expect(left.filter((name) => /class \d|\(\d\)/.test(name!))).toEqual([]);
    const address = page.url();
    await page.goto('about:blank');
    await page.goto(address);
    await page.waitForSelector('[data-live-score]');
    expect(await curvesShown()).toEqual(left);
    // Series of training have their own entries.
    const accuracy = page.locator('figure', { hasText: 'Accuracy and attack success' });
    const lines = () => accuracy.locator('[data-part=line]').count();
    const drawn = await lines();
    await page.getByRole('button', { name: 'attack success rate' }).click();
    expect(await lines()).toBe(drawn - 1);
  });

  it('zooms where a figure is dragged across, or by its lists, and back', async () => {
    await open('#/run?id=a-blend', '[data-live-score]');
    const figure = page.locator('figure', { hasText: 'I(X;T) in nats' });
    const moments = () =>
      figure
        .locator('[data-part=dot]')
        .first()
        .locator('title')
        .evaluateAll((all) => all.map((t) => Number(/epoch (\d+)/.exec(t.textContent!)![1])));
    const every = await moments();
    await figure.scrollIntoViewIfNeeded();
    const box = (await figure.locator('.drawing').boundingBox())!;
    // Margins are 46 px and 14 px: from the middle of the logarithmic axis of epochs 2 to 12 to its end.
    const x = (share: number) => box.x + 46 + share * (box.width - 60);
    await page.mouse.move(x(0.5), box.y + 120);
    await page.mouse.down();
    await page.mouse.move(x(0.9), box.y + 120, { steps: 4 });
    await page.mouse.up();
    const [first, last] = [every[0], every[every.length - 1]];
    const at = (share: number) => first * (last / first) ** share;
    expect(await moments()).toEqual(every.filter((e) => e >= at(0.5) && e <= at(0.9)));
    await page.getByRole('button', { name: 'Reset zoom' }).click();
    expect(await moments()).toEqual(every);
    await page.getByLabel('From').selectOption({ index: 2 });
    expect(await moments()).toEqual(every.slice(2));
    expect(page.url()).toContain('zoom=');
  });

  it('has epochs, steps or time on the axis', async () => {
    await open('#/run?id=a-blend', '[data-live-score]');
    const title = () =>
      page.locator('figure', { hasText: 'I(X;T) in nats' }).locator('[data-part="x-axis label"]').allTextContents();
    expect((await title()).join()).toContain('epoch');
    await page.getByLabel('time').check();
    expect((await title()).join()).toMatch(/(seconds|minutes|hours) of training/);
    expect(page.url()).toContain('axis=time');
  });

  it('marks what the form needs, and shows the parameters of the chosen attack', async () => {
    await open('#/new', '[data-command]');
    expect(await page.locator('label .required').count()).toBe(0);
    await page.locator('[name=dataset]').selectOption({ value: 'cifar10' });
    expect(await page.locator('label', { has: page.locator('.required') }).textContent()).toContain('data dir');
    expect(await page.locator('[name=dataDir]').getAttribute('required')).not.toBeNull();
    await page.locator('[name=attack]').selectOption({ value: 'wanet' });
    const group = page.getByRole('group', { name: 'Parameters of wanet' });
    expect(
      await group.locator('input').evaluateAll((all) => all.map((i) => (i as HTMLInputElement).placeholder)),
    ).toEqual(['4', '0.5', '1']);
    await group.getByLabel('jitter').fill('0');
    expect(await page.locator('[data-command]').textContent()).toBe(
      'npx ibscope run --dataset cifar10 --attack wanet --attack-option jitter=0',
    );
    await page.locator('[name=attack]').selectOption({ value: 'blend' });
    expect(await page.locator('[data-command]').textContent()).toBe('npx ibscope run --dataset cifar10 --attack blend');
  });

  it('shows the image of the sample under the pointer', async () => {
    await open('#/run?id=a-blend', '.points canvas');
    await page.locator('.points canvas').scrollIntoViewIfNeeded();
    const box = (await page.locator('.points canvas').boundingBox())!;
    // A point is somewhere near the middle, where most are.
    let seen = false;
    for (let step = 0; step < 400 && !seen; step++) {
      await page.mouse.move(
        box.x + box.width * (0.35 + 0.015 * (step % 20)),
        box.y + box.height * (0.35 + 0.015 * Math.floor(step / 20)),
      );
      seen = (await page.locator('.under img').count()) > 0;
    }
    expect(seen).toBe(true);
    const loaded = await page
      .locator('.under img')
      .evaluate((img: HTMLImageElement) => img.decode().then(() => img.naturalWidth));
    expect(loaded).toBe(8);
  });

  it('saves a figure as SVG, PNG and CSV', async () => {
    await open('#/run?id=a-blend', '[data-live-score]');
    for (const [kind, begins] of [
      ['SVG', '<svg'],
      ['PNG', '\u0089PNG'],
      ['CSV', 'group,quantity,epoch,nats,standardError'],
    ]) {
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('button', { name: `Save a-blend-I-X-T- as ${kind}` }).click(),
      ]);
      const content = readFileSync((await download.path())!, 'latin1');
      expect(content.startsWith(begins), kind).toBe(true);
      if (kind === 'SVG') {
        expect(content).not.toContain('var(');
        // The file explains its curves by itself; the page has one legend for all figures.
        for (const label of ['poisoned samples', 'other classes']) expect(content).toContain(`>${label}</text>`);
      }
      expect(download.suggestedFilename()).toBe(`a-blend-I-X-T-.${kind.toLowerCase()}`);
    }
    const [picture] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Save a-blend-umap as PNG' }).click(),
    ]);
    expect(readFileSync((await picture.path())!, 'latin1').startsWith('\u0089PNG')).toBe(true);
  });

  it('compares picked runs: ranks by stealth, and what differs', async () => {
    await open('#/', 'table.runs tbody tr');
    await page.getByLabel('Select a-blend').check();
    await page.getByLabel('Select c-sig').check();
    await page.getByRole('link', { name: /Compare 2 selected/ }).click();
    await page.waitForSelector('section[aria-label="Ranks"] tbody tr');
    const ranks = await page.$$eval('section[aria-label="Ranks"] tbody tr', (rows) =>
      rows.map((r) => r.children[1].textContent),
    );
    expect(ranks).toEqual(['a-blend', 'c-sig']);
    const differing = await page.$$eval('section[aria-label="Differences in configuration"] tbody tr', (rows) =>
      rows.map((r) => r.children[0].textContent),
    );
    expect(differing).toEqual(expect.arrayContaining(['attack', 'seed']));
  });

  it('answers which attack is stealthier where attacks are repeated over seeds', async () => {
    await open('#/compare?ids=wanet-s0%7Cwanet-s1%7Ca-blend', '[data-verdict]');
    await page.waitForSelector(
      'text=/^One seed does not show whether wanet is stealthier than blend \\(S 0.\\d\\d against/',
    );
    const tables = await page.$$eval('section.scroll', (all) =>
      all.map((s) => [s.getAttribute('aria-label'), s.querySelector('tbody td')?.textContent]),
    );
    expect(tables).toContainEqual([expect.stringMatching(/^S of … minus S of …/), 'wanet − blend']);
    expect(tables).toContainEqual([expect.stringMatching(/^attack, rank, 95 %/), 'wanet']);
  });

  it('starts a run from the form, shows its first checkpoint when it arrives, and stops it', async () => {
    await open('#/new', '[data-command]');
    await page.getByLabel('name', { exact: false }).first().fill('fresh');
    await page.locator('[name=attack]').selectOption({ value: 'badnets' });
    await page.locator('[name=width]').fill('2');
    await page.locator('[name=epochs]').fill('40');
    await page.locator('[name=trainLimit]').fill('2400');
    await page.getByText('More options').click();
    await page.locator('[name=checkpoints]').fill('1,40');
    expect(await page.locator('[data-command]').textContent()).toBe(
      'npx ibscope run --attack badnets --width 2 --epochs 40 --train-limit 2400 --checkpoints 1,40 --out fresh',
    );
    await page.getByRole('button', { name: 'Start' }).click();
    // The page of the run is there as soon as its folder is; what it says changes by itself.
    await page.waitForFunction(() => document.querySelector('.scrubber output')?.textContent === 'epoch 1', null, {
      timeout: 0,
    });
    await page.getByRole('button', { name: 'Save and stop' }).click();
    await page.waitForSelector('button:has-text("Resume")', { timeout: 0 });
    complaints = complaints.filter((c) => !c.includes('404'));
  });

  it('says that a run that is not there is not there', async () => {
    await page.goto(`${served.address}#/run?id=nowhere`);
    await page.getByText('no run is called nowhere').waitFor();
    complaints = complaints.filter((c) => !c.includes('404'));
  });

  for (const [name, hash, ready] of [
    ['runs', '#/', 'table.runs tbody tr'],
    ['run', '#/run?id=a-blend', '[data-live-score]'],
    ['compare', '#/compare?ids=a-blend%7Cb-badnets', 'h2'],
    ['new run', '#/new', '[data-command]'],
    ['audit', '#/audit?id=audited', '[data-verdict]'],
  ])
    for (const theme of ['light', 'dark'])
      it(`${name}, ${theme}: no serious finding of an accessibility scan, nothing wider than a phone`, async () => {
        await page.evaluate((t) => localStorage.setItem('ibscope-theme', t), theme);
        await page.goto('about:blank');
        await open(hash, ready);
        await page.waitForTimeout(300);
        // The policy of the page forbids foreign scripts, and the scan is one: it is put in by the browser itself.
        const found = await page
          .evaluate(async (axe) => {
            // biome-ignore lint/security/noGlobalEval: the scanner's own text, in a test
            window.eval(axe);
            const { violations } = await (
              window as never as {
                axe: {
                  run(): Promise<{ violations: { id: string; impact: string; nodes: { target: string[] }[] }[] }>;
                };
              }
            ).axe.run();
            return violations
              .filter((v) => v.impact === 'serious' || v.impact === 'critical')
              .map(
                (v) =>
                  `${v.id}: ${v.nodes
                    .map((n) => n.target.join(' '))
                    .slice(0, 3)
                    .join('; ')}`,
              );
          }, AXE)
          .catch((e: Error) => [e.message]);
        expect(found).toEqual([]);
        await page.setViewportSize({ width: 390, height: 844 });
        await page.waitForTimeout(300);
        const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        await page.setViewportSize({ width: 1280, height: 900 });
        expect(overflow).toBeLessThanOrEqual(0);
        await page.evaluate(() => localStorage.removeItem('ibscope-theme'));
      });
});
