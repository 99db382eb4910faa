/** State dicts that the installed PyTorch saves of networks of full width. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { hasTorch } from '../python.js';
import { expectPyTorchs, MODELS } from './state-dicts.js';

if (!hasTorch) console.log('state dicts of the installed PyTorch: skipped, needs a Python with PyTorch');

describe.skipIf(!hasTorch)('a state dict of the installed PyTorch', () => {
  const box = mkdtempSync(join(tmpdir(), 'ibscope-state-dict-'));
  beforeAll(() => {
    const script = join(import.meta.dirname, '../golden/state_dicts.py');
    execFileSync(process.env.PYTHON ?? 'python3', ['-B', script, box, '64']);
  });
  afterAll(() => rmSync(box, { recursive: true, force: true }));

  it.each(Object.keys(MODELS))('%s: features and logits to 1e-4', (name) => expectPyTorchs(box, name));
});
