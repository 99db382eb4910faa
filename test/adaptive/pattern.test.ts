import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { choose } from '../../src/adaptive/adapt.js';
import { forms } from '../../src/adaptive/forms/index.js';
import { begin, descend, largest } from '../../src/adaptive/pattern.js';
import { type AdaptState, keyOf, readState, writeState } from '../../src/adaptive/state.js';

const folder = mkdtempSync(join(tmpdir(), 'ibscope-adaptive-'));
afterAll(() => rmSync(folder, { recursive: true }));

const [{ parts, first }, flat] = [forms.additive, (n: number) => ({ height: 1, width: n, channels: 1 })];
const firstPattern = (n: number, epsilon: number, seed: number) => begin(first(flat(n), epsilon, seed));

describe('the pattern', () => {
  test('begins with every value at the bound, the same for the same seed alone', () => {
    const first = firstPattern(300, 0.06, 5);
    expect(new Set(first.delta.map((v) => Math.abs(v)))).toEqual(new Set([Math.fround(0.06)]));
    expect(first.delta.filter((v) => v > 0).length).toBeGreaterThan(100);
    expect(firstPattern(300, 0.06, 5)).toEqual(first);
    expect(firstPattern(300, 0.06, 6).delta).not.toEqual(first.delta);
  });

  test('goes to the minimum inside the ball, and to its edge where the minimum lies outside', () => {
    const pattern = firstPattern(2, 0.1, 0);
    const minimum = [0.03, 5];
    for (let s = 0; s < 400; s++)
      descend(
        pattern,
        pattern.delta.map((v, i) => v - minimum[i]),
        parts(flat(2), 0.1),
      );
    expect(pattern.delta[0]).toBeCloseTo(0.03, 2);
    expect(pattern.delta[1]).toBe(Math.fround(0.1));
    expect(largest(pattern.delta, parts(flat(2), 0.1))).toBe(Math.fround(0.1));
  });
});

test('the state comes back as it was, and not for other settings', async () => {
  const state: AdaptState = {
    pattern: { ...firstPattern(12, 0.1, 1), steps: 7 },
    begun: new Float32Array(12).fill(0.5),
    round: 1,
    step: 3,
    patterns: [new Float32Array(12).fill(0.25)],
    rounds: [{ round: 0, asr: 0.5, accuracy: 0.6, deviation: 0.1, largest: 0.1 }],
    steps: [{ round: 0, step: 0, loss: 1, asr: 0.2, deviation: 0.3, lateness: 0, objective: 1.3 }],
    seconds: 4,
  };
  const path = join(folder, 'state.safetensors');
  expect(await readState(path, keyOf('a'))).toBeNull();
  await writeState(path, keyOf('a'), state);
  expect(await readState(path, keyOf('a'))).toEqual(state);
  await expect(readState(path, keyOf('b'))).rejects.toThrow('was started with other data or options');
});

test('of patterns that succeed the one nearest to clean samples is chosen, else the one that succeeds most', () => {
  const row = (round: number, asr: number, deviation: number) => ({
    round,
    asr,
    deviation,
    accuracy: 0.5,
    largest: 0.1,
  });
  expect(choose([row(0, 0.95, 0.3), row(1, 0.92, 0.1), row(2, 0.5, 0.01)]).round).toBe(1);
  expect(choose([row(0, 0.3, 0.1), row(1, 0.7, 0.4)]).round).toBe(1);
});
