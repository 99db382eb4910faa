import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { buildProgram } from '../src/cli/program.js';

const root = join(import.meta.dirname, '..');
const readme = readFileSync(join(root, 'README.md'), 'utf8');

test('the example of the library runs as it stands in the README', () => {
  const [code] = [...readme.matchAll(/```ts\n([\s\S]*?)```/g)].map((m) => m[1]);
  const folder = mkdtempSync(join(tmpdir(), 'ibscope-readme-'));
  const file = join(folder, 'example.mjs');
  const entry = new URL('../dist/index.js', import.meta.url).href;
  writeFileSync(
    file,
    `${code.replace("'ibscope'", `'${entry}'`)}\nconsole.log(set.poisoned.reduce((a, b) => a + b));\n`,
  );
  expect(execFileSync(process.execPath, [file], { encoding: 'utf8' })).toBe('100\n');
  rmSync(folder, { recursive: true });
});

test('every command the README and the docs name exists, with the options they give it', () => {
  const texts = ['README.md', 'docs/attacks.md', 'docs/data.md'].map((f) => readFileSync(join(root, f), 'utf8'));
  const lines = texts.flatMap((t) => [...t.matchAll(/^(?:npx )?ibscope (.+?)(?: +#.*)?$/gm)].map((m) => m[1]));
  expect(lines.length).toBeGreaterThan(10);
  for (const line of lines) {
    const words = line.split(/\s+/);
    let command = buildProgram().commands.find((c) => c.name() === words[0]);
    expect(command, line).toBeDefined();
    command = command!.commands.find((c) => c.name() === words[1]) ?? command!;
    const known = command.options.map((o) => o.long);
    for (const word of words.filter((w) => w.startsWith('--'))) expect(known, line).toContain(word);
  }
});
