import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { LIBRARY } from './built.js';

test('the training loop of the README runs as it stands there and learns the task and the backdoor', () => {
  const code = readFileSync(join(import.meta.dirname, '..', 'README.md'), 'utf8').match(/```js\n([\s\S]*?)```/)![1];
  const folder = mkdtempSync(join(tmpdir(), 'ibscope-readme-'));
  const file = join(folder, 'loop.mjs');
  writeFileSync(file, code.replace("'ibscope'", `'${pathToFileURL(LIBRARY).href}'`));
  const lines = execFileSync(process.execPath, [file], { encoding: 'utf8' }).trim().split('\n');
  rmSync(folder, { recursive: true });
  expect(lines).toHaveLength(5);
  const [accuracy, asr] = [...lines.at(-1)!.matchAll(/0\.\d\d|1\.00/g)].map(Number);
  // By chance 0.1 of ten classes.
  expect(accuracy).toBeGreaterThan(0.5);
  expect(asr).toBeGreaterThan(0.5);
}, 60_000);
