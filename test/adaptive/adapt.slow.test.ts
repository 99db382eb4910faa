/** An adaptation on a small set: determinism, and the same pattern after a stop and after a kill. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { adapt, writeTrigger } from '../../src/adaptive/adapt.js';
import { forms } from '../../src/adaptive/forms/index.js';
import type { AdaptState } from '../../src/adaptive/state.js';
import { surrogateFolder } from '../../src/adaptive/surrogates.js';
import type { AdaptSettings } from '../../src/adaptive/types.js';
import { findAttack } from '../../src/attacks/index.js';
import type { RunHooks } from '../../src/base/progress.js';
import { resolveConfig } from '../../src/config/resolve.js';
import type { Dataset } from '../../src/datasets/index.js';
import { limitThreads } from '../../src/engine/index.js';
import { loadData } from '../../src/poisoning/poisoned-set.js';

const folder = mkdtempSync(join(tmpdir(), 'ibscope-adapt-'));
afterAll(() => rmSync(folder, { recursive: true }));
const config = resolveConfig({
  attack: 'learned',
  model: 'resnet10',
  width: 2,
  epochs: 1,
  trainLimit: 500,
  testLimit: 100,
  poisonRate: 0.2,
  draws: 4,
  checkpoints: [0.5, 1],
});
const settings: AdaptSettings = {
  form: 'additive',
  epsilon: 0.1,
  lambda: 1,
  late: 0,
  rounds: 1,
  steps: 5,
  surrogates: 1,
};
let dataset: Dataset;
let whole: AdaptState;
const run = (name: string, hooks: RunHooks = {}) =>
  adapt({ config, settings, dataset, folder: join(folder, name) }, hooks);
const plain = ({ seconds: _, ...rest }: AdaptState) => rest;

beforeAll(async () => {
  limitThreads(1);
  dataset = await loadData(config);
  whole = await run('whole');
});

test('it moves the pattern inside its ball and says what every round reached', () => {
  expect(whole.steps).toHaveLength(5);
  expect(whole.rounds.map((r) => r.round)).toEqual([0, 1]);
  expect(whole.pattern.delta).not.toEqual(whole.patterns[0]);
  expect(Math.max(...whole.pattern.delta.map(Math.abs))).toBeLessThanOrEqual(Math.fround(0.1));
  expect(existsSync(surrogateFolder(join(folder, 'whole')))).toBe(false);
});

test('stopped between steps and resumed, it ends with the same pattern and rows', async () => {
  const hooks = {
    shouldStop: () => asked > 1,
    progress: (p: { unit: string; done: number }) => (asked = p.unit === 'steps' ? p.done : asked),
  };
  let asked = 0;
  await expect(run('stopped', hooks)).rejects.toThrow('stopped in round 0 after step 2');
  expect(plain(await run('stopped'))).toEqual(plain(whole));
});

test('killed between steps, it resumes from what it kept and ends with the same pattern', async () => {
  const kill = (p: { unit: string; done: number }) => {
    if (p.unit === 'steps' && p.done === 3) throw new Error('killed');
  };
  await expect(run('killed', { progress: kill })).rejects.toThrow('killed');
  expect(plain(await run('killed'))).toEqual(plain(whole));
});

test('other settings are not resumed', async () => {
  const other = { config, settings: { ...settings, lambda: 2 }, dataset, folder: join(folder, 'whole') };
  await expect(adapt(other)).rejects.toThrow('was started with other data or options');
});

test('the file is a trigger that the attack reads', async () => {
  const path = join(folder, 'trigger.npz');
  await writeTrigger(path, whole.pattern.delta, settings, dataset);
  const trigger = findAttack('learned').trigger(dataset.train, {
    poisonRate: 0.1,
    target: 0,
    seed: 0,
    options: { trigger: path },
  })!;
  const grey = new Float32Array(whole.pattern.delta.length).fill(0.5);
  trigger.train(grey, 0).forEach((v, i) => {
    expect(v).toBeCloseTo(0.5 + whole.pattern.delta[i], 6);
  });
});

test.each([
  ['mask', 0.2],
  ['warp', 2],
] as const)('a %s stays inside its bounds and moves', async (form, epsilon) => {
  const state = await adapt({ config, settings: { ...settings, form, epsilon }, dataset, folder: join(folder, form) });
  const parts = forms[form].parts(dataset.train, epsilon);
  let at = 0;
  for (const { size, low, high } of parts) {
    const [own, begun] = [state.pattern.delta, state.patterns[0]].map((all) => all.subarray(at, at + size));
    expect(own.every((v) => v >= Math.fround(low) && v <= Math.fround(high))).toBe(true);
    expect(own).not.toEqual(begun);
    at += size;
  }
  expect(at).toBe(state.pattern.delta.length);
  expect(state.rounds.every((r) => r.largest <= Math.fround(epsilon))).toBe(true);
});
