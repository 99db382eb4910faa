/**
 * The dashboard at size: 500 runs in the folder, and a run of 120 epochs with a picture of 10 000 samples, in headless Chromium.
 *
 *   npm run -s bench -- dashboard [--json]
 *
 * Prints the seconds until the list is there, the milliseconds a filter takes, the frames a second while the scrubber is moved
 * through all checkpoints, and the size of the page's own code, compressed. Needs Chromium (`CHROMIUM`, or Debian's).
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { chromium, type Page } from 'playwright-core';
import { UserError } from '../src/base/errors.js';
import { table } from '../src/cli/table.js';
import { chromiumPath, serveFolder, writeRun } from '../test/server/helpers.js';

const RUNS = 500;
const EPOCHS = 120;
const SAMPLES = 10_000;

export async function main(args: string[]): Promise<void> {
  if (!chromiumPath) throw new UserError('no Chromium here; name one in CHROMIUM');
  const folder = mkdtempSync(join(tmpdir(), 'ibscope-bench-'));
  const attacks = ['blend', 'badnets', 'sig', 'wanet', 'none'];
  for (let i = 0; i < RUNS - 1; i++)
    await writeRun(join(folder, `run-${String(i).padStart(3, '0')}`), { attack: attacks[i % attacks.length], seed: i });
  await writeRun(join(folder, 'large'), { epochs: EPOCHS, samples: SAMPLES, everyEpoch: true });
  const served = await serveFolder(folder, join(import.meta.dirname, '../../dist/cli/main.js'));
  const browser = await chromium.launch({ executablePath: chromiumPath, args: ['--no-sandbox'] });
  try {
    const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
    // What the browser itself needs to start is not the page's.
    await page.goto(`${served.address}#/new`);
    await page.waitForSelector('[data-command]');
    const figures = {
      ...(await list(page, served.address)),
      ...(await scrub(page, served.address)),
      codeKB: codeSize(),
    };
    if (args.includes('--json')) {
      console.log(JSON.stringify(figures));
      return;
    }
    const rows = [
      [`list of ${RUNS} runs, s`, figures.listSeconds.toFixed(2), '1'],
      ['filter, ms', figures.filterMilliseconds.toFixed(0), '100'],
      [`scrubbing ${EPOCHS} epochs, ${SAMPLES} points, frames/s`, figures.framesPerSecond.toFixed(1), '30'],
      ['page’s own code, kB compressed', figures.codeKB.toFixed(0), '300'],
    ];
    console.log(table(['', 'measured', 'wanted'], rows));
  } finally {
    await browser.close();
    await served.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function list(page: Page, address: string) {
  const started = performance.now();
  await page.goto('about:blank');
  // Each run in a row of its own: the bench's runs differ in little but their seed.
  await page.goto(`${address}#/?seeds=apart`);
  await page.waitForFunction(
    (n) => document.body.textContent?.includes(`${n} of ${n} in`) && document.querySelector('table.runs tbody tr'),
    RUNS,
  );
  const listSeconds = (performance.now() - started) / 1000;
  // Inside the page, from the key to the frame that shows the result.
  const filterMilliseconds = await page.evaluate(async () => {
    const input = document.querySelector<HTMLInputElement>('input[type=search]')!;
    const times: number[] = [];
    for (const text of ['badnets', 'blend run-1', '']) {
      const begun = performance.now();
      input.value = text;
      input.dispatchEvent(new Event('input', { bubbles: true }));
      await new Promise((r) => requestAnimationFrame(() => setTimeout(r)));
      times.push(performance.now() - begun);
    }
    return Math.max(...times);
  });
  return { listSeconds, filterMilliseconds };
}

async function scrub(page: Page, address: string) {
  await page.goto(`${address}#/run?id=large`);
  await page.waitForSelector('.points canvas');
  await page.waitForTimeout(1500);
  const framesPerSecond = await page.evaluate(async () => {
    const input = document.querySelector<HTMLInputElement>('.scrubber input')!;
    const steps = Number(input.max) + 1;
    const begun = performance.now();
    for (let i = 0; i < steps; i++) {
      input.value = String(i);
      input.dispatchEvent(new Event('input', { bubbles: true }));
      // A frame counts when what it shows has been drawn.
      await new Promise((r) => requestAnimationFrame(() => setTimeout(r)));
    }
    return (1000 * steps) / (performance.now() - begun);
  });
  return { framesPerSecond };
}

/** From `.bench/bench`, where this runs. */
function codeSize(): number {
  const assets = join(import.meta.dirname, '../../dist/web/assets');
  return readdirSync(assets).reduce((sum, name) => sum + gzipSync(readFileSync(join(assets, name))).length, 0) / 1000;
}
