/** README and docs: their commands and links exist. The README's program: readme.slow.test.ts. Other pages: project.test.ts. */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Command } from 'commander';
import { expect, test } from 'vitest';
import { buildProgram } from '../src/cli/program.js';

const root = join(import.meta.dirname, '..');

const read = (page: string) => readFileSync(join(root, page), 'utf8');

const pages = [
  'README.md',
  'examples/README.md',
  ...readdirSync(join(root, 'docs')).flatMap((f) => (f.endsWith('.md') ? [`docs/${f}`] : [])),
];

/** Calls of the command line in a page: lines of its shell blocks, continued lines joined, and code spans. */
function calls(text: string): string[] {
  const blocks = [...text.matchAll(/```sh\n([\s\S]*?)```/g)].flatMap(([, block]) =>
    block.replace(/\\\n\s*/g, '').split('\n'),
  );
  const spans = [...text.replace(/```[\s\S]*?```/g, '').matchAll(/`((?:npx )?ibscope\s[^`]+)`/g)].map(([, span]) =>
    span.replace(/\s+/g, ' '),
  );
  return [...blocks, ...spans].flatMap((line) => line.match(/^(?:npx )?ibscope (.+?)(?: +#.*)?$/)?.[1] ?? []);
}

const named = (commands: readonly Command[], name: string) =>
  commands.find((c) => c.name() === name || c.aliases().includes(name));

test('every command of the README and the docs exists, with the options they give it', async () => {
  const lines = new Map(pages.map((page) => [page, calls(read(page))]));
  const { commands } = await buildProgram();
  for (const [page, found] of lines)
    for (const line of found) {
      const words = line.split(/\s+/);
      if (words[0].startsWith('--')) continue;
      const outer = named(commands, words[0]);
      expect(outer, `${page}: ${line}`).toBeDefined();
      const command = named(outer!.commands, words[1]) ?? outer!;
      const known = [...command.options.map((o) => o.long), '--help'];
      for (const word of words.filter((w) => w.startsWith('--'))) expect(known, `${page}: ${line}`).toContain(word);
    }
  // An expression that finds no command would pass for nothing.
  for (const page of ['attacks', 'audit', 'data', 'studies', 'trace'])
    expect(lines.get(`docs/${page}.md`)!.length, page).toBeGreaterThanOrEqual(2);
  expect(lines.get('README.md')!.length).toBeGreaterThan(10);
});

/** The anchors that GitHub gives the headings of a page; a heading that comes again gets a number. */
function anchorsOf(text: string): Set<string> {
  const anchors = new Set<string>();
  for (const [, heading] of text.replace(/```[\s\S]*?```/g, '').matchAll(/^#+ (.+)$/gm)) {
    const words = heading.toLowerCase().replace(/[^\p{L}\p{N}\s_-]/gu, '');
    const plain = words.trim().replace(/ /g, '-');
    let anchor = plain;
    for (let i = 1; anchors.has(anchor); i++) anchor = `${plain}-${i}`;
    anchors.add(anchor);
  }
  return anchors;
}

test('every link of the README and the docs leads to a file, and to a heading in it', () => {
  const anchors = new Map<string, Set<string>>();
  let seen = 0;
  for (const page of pages) {
    const prose = read(page).replace(/```[\s\S]*?```/g, '');
    for (const [, target] of prose.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(target)) continue;
      const [path, heading] = target.split('#');
      const file = path === '' ? page : join(dirname(page), path);
      expect(existsSync(join(root, file)), `${page}: ${target}`).toBe(true);
      if (heading !== undefined) {
        if (!anchors.has(file)) anchors.set(file, anchorsOf(read(file)));
        expect(anchors.get(file)!.has(heading), `${page}: ${target}`).toBe(true);
      }
      seen++;
    }
  }
  expect(seen).toBeGreaterThan(50);
});
