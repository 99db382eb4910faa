import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';

interface Api {
  apiText(file?: string): string;
  hiddenTypes(): string[];
  slugOf(heading: string): string;
}

const root = join(import.meta.dirname, '..');
const { apiText, hiddenTypes, slugOf }: Api = await import(join(root, 'scripts', 'api.mjs'));
const page = readFileSync(join(root, 'docs', 'api.md'), 'utf8');
const prose = page.replace(/```[\s\S]*?```/g, '').replace(/`[^`\n]*`/g, '');

test('the page is what `npm run api` would write now, and everything public has a docstring', () => {
  expect(page).toBe(apiText());
});

test('what is without a docstring is named', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ibscope-api-'));
  const file = join(folder, 'index.ts');
  writeFileSync(
    file,
    `/** Said. */\nexport function said() {}\nexport function unsaid() {}\nexport const arrow = (x: number) => x;
/** Said. */\nexport class Thing {\n  quiet() {}\n  private hidden() {}\n}\n`,
  );
  expect(() => apiText(file)).toThrow('without a docstring:\n  arrow\n  Thing.quiet\n  unsaid');
  rmSync(folder, { recursive: true });
});

test('every type in a public signature has a name in the library', () => {
  expect(hiddenTypes()).toEqual([]);
});

test('every link of the page leads somewhere', () => {
  const times = new Map<string, number>();
  const anchors = new Set<string>();
  for (const [, heading] of page.matchAll(/^#+ (.+)$/gm)) {
    const slug = slugOf(heading);
    const n = times.get(slug) ?? 0;
    times.set(slug, n + 1);
    anchors.add(n === 0 ? slug : `${slug}-${n}`);
  }
  const links = [...prose.matchAll(/\]\(([^)]+)\)/g)].map((m) => m[1]);
  expect(links.length).toBeGreaterThan(300);
  for (const link of links)
    if (link.startsWith('#')) expect(anchors, link).toContain(link.slice(1));
    else expect(existsSync(join(root, 'docs', link)), link).toBe(true);
});
