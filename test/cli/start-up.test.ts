/** What a command loads before it acts. A heavy package loaded there makes every refusal, help and version wait for it. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const CLI = join(import.meta.dirname, '../../src/cli');

/** Packages that take 25 to 300 ms to load. */
const HEAVY =
  /^(onnxruntime-node|sharp|linkedom|@observablehq\/plot|hyparquet|hyparquet-writer|hono|@hono\/.*|bullmq|ioredis)/;

/** Packages that a file imports when it is loaded, by itself or by others; types and `import()` load nothing then. */
function packagesOf(entry: string): Set<string> {
  const found = new Set<string>();
  const seen = new Set([entry]);
  for (const file of seen) {
    const text = readFileSync(file, 'utf8');
    for (const [, type, names, from] of text.matchAll(
      /^(?:import|export)\s+(type\s+)?(?:(\{[^}]*\}|\*(?:\s+as\s+\w+)?|\w+(?:,\s*\{[^}]*\})?)\s+from\s+)?['"]([^'"]+)['"]/gm,
    )) {
      const onlyTypes = names !== undefined && /^\{(\s*type\s[^,}]+,?)+\s*\}$/.test(names.trim());
      if (type || onlyTypes || from.startsWith('node:')) continue;
      if (!from.startsWith('.')) found.add(from);
      else {
        const path = resolve(dirname(file), from.replace(/\.js$/, '.ts'));
        if (existsSync(path)) seen.add(path);
      }
    }
  }
  return found;
}

describe('what is loaded', () => {
  it('by the program itself, without a command, is the parser alone', () => {
    expect([...packagesOf(join(CLI, 'main.ts'))].sort()).toEqual(['commander', 'leven']);
  });

  it.each(readdirSync(CLI).filter((name) => name.endsWith('.ts')))('by %s holds no heavy package', (name) => {
    expect([...packagesOf(join(CLI, name))].filter((from) => HEAVY.test(from))).toEqual([]);
  });

  it('would be found', () => {
    expect([...packagesOf(join(CLI, '../report/dom.ts'))].filter((from) => HEAVY.test(from))).toEqual(['linkedom']);
  });
});
