/**
 * Pictures of the dashboard's four pages, light and dark, for README and docs: `node scripts/screenshots.mjs RUNS [OUT]`.
 * RUNS holds at least two finished runs; OUT is `docs/dashboard`. Needs Chromium (`CHROMIUM`, or Debian's).
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import sharp from 'sharp';
import { root } from './prepare.mjs';

const [runs, out = join(root, 'docs', 'dashboard')] = process.argv.slice(2);
const executablePath = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser'].find(
  (p) => p && existsSync(p),
);
if (!runs || !executablePath) {
  console.error(
    runs ? 'screenshots: no Chromium here; name one in CHROMIUM' : 'usage: node scripts/screenshots.mjs RUNS [OUT]',
  );
  process.exit(2);
}
mkdirSync(out, { recursive: true });
const server = spawn(process.execPath, [join(root, 'dist/cli/main.js'), 'view', runs, '--port', '0', '--json'], {
  stdio: ['ignore', 'pipe', 'inherit'],
});
const line = await new Promise((resolve, reject) => {
  server.stdout.once('data', (d) => resolve(String(d)));
  server.once('exit', (code) => reject(new Error(`view ended with ${code}`)));
});
const { address, token } = JSON.parse(line);
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
try {
  const { runs: listed } = await (await fetch(`${address}api/runs`)).json();
  const done = listed.filter((r) => r.state === 'done');
  // One run of each attack, those under which something is poisoned first.
  const picked = [...new Map(done.map((r) => [r.attack, r])).values()].sort(
    (a, b) => Number(a.attack === 'none') - Number(b.attack === 'none'),
  );
  const ids = picked.slice(0, 4).map((r) => r.id);
  const pages = [
    ['runs', '#/', 'table.runs tbody tr'],
    ['run', `#/run?id=${encodeURIComponent(ids[0])}`, '[data-live-score]'],
    ['compare', `#/compare?ids=${encodeURIComponent(ids.join('|'))}`, 'h2'],
    ['new', '#/new', '[data-command]'],
  ];
  for (const theme of ['light', 'dark']) {
    const page = await browser.newPage({ viewport: { width: 1280, height: 960 }, colorScheme: theme });
    await page.goto(`${address}#token=${token}`);
    for (const [name, hash, ready] of pages) {
      await page.goto(`${address}${hash}`);
      await page.waitForSelector(ready);
      await page.waitForTimeout(1200);
      const picture = await page.screenshot();
      await sharp(picture)
        .png({ palette: true, colours: 96, effort: 10 })
        .toFile(join(out, `${name}-${theme}.png`));
      console.log(join(out, `${name}-${theme}.png`));
    }
    await page.close();
  }
} finally {
  await browser.close();
  server.kill('SIGINT');
}
