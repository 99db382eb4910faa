/** Which T the PyTorch recorder writes of layers whose T is easily mistaken, and what it refuses. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasTorch, pythonFile } from '../python.js';

if (!hasTorch) console.log('layers of PyTorch’s models: skipped, needs a Python with PyTorch');

describe.skipIf(!hasTorch)('the recorder', () => {
  const root = new URL('../..', import.meta.url).pathname;
  const folder = mkdtempSync(join(tmpdir(), 'ibscope-recorder-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  let said: Record<string, unknown> = {};
  beforeAll(() => {
    const script = join(root, 'test/golden/recorder_layers.py');
    said = pythonFile(script, join(root, 'python'), folder) as Record<string, unknown>;
  });

  it('writes what the layer gives, whatever the next layer does to it in place', () => {
    const { t, negative, ...exact } = said['in place'] as Record<string, number>;
    // After the ReLU nothing would be negative.
    expect(negative).toBeGreaterThan(0.3);
    // Two draws of noise of 0.01, averaged over 36 positions.
    expect(t).toBeLessThan(0.006);
    for (const error of [...Object.values(exact), said['in place, flat'] as number]) expect(error).toBeLessThan(1e-6);
  });

  it('leaves its samples as they are where a model works on its input in place', () => {
    const { x, t } = said['input in place'] as Record<string, number>;
    expect(x).toBe(0);
    expect(t).toBeLessThan(1e-6);
  });

  it('takes the logits of a model that gives a dict', () =>
    expect(said['logits of a dict'] as number).toBeLessThan(1e-4));

  it.each([
    ['twice', /^layer 'relu': it runs more than once in a pass of the model/],
    ['layer tuple', /^layer 'odd': it gives a tuple, and T is one tensor/],
    ['layer dict', /^layer 'odd': it gives a dict, and T is one tensor/],
    ['layer int', /^layer 'odd': it gives torch\.int64/],
    ['layer one', /^layer 'odd': it gives \(4, 6, 6\) for 12 samples/],
    ['never', /^layer 'never': it did not run/],
    ['lstm', /^layer 'rnn': LSTM gives its output and its state/],
    ['tokens first', /^layer 'each': it gives \(8, 12, 5\) for 12 samples.*batch_first=True/],
    ['model tuple', /^model: it gives a tuple; wrap it/],
    ['model map', /^model: it gives \(12, 3, 1\) for 12 samples/],
  ])('refuses %s in one line', (name, message) => {
    expect(said[name]).toMatch(message);
    expect(said[name]).not.toContain('\n');
  });
});
