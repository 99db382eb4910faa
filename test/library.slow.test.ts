import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  analyze,
  attacks,
  datasets,
  dynamics,
  formats,
  Rng,
  readRun,
  registerAttack,
  registerDataset,
  registerModel,
  run,
  Stopped,
  UserError,
} from '../src/index.js';
import { stripe, tiny, twoClasses } from './own-parts.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ibscope-library-'));
});
afterAll(() => rm(folder, { recursive: true }));

describe('a run of what was registered', () => {
  const request = { dataset: 'bright', attack: 'stripe', model: 'tiny-net', width: 2, poisonRate: 0.2, batchSize: 64 };
  const config = { ...request, epochs: 2, checkpoints: [2], draws: 1, target: 1 };

  beforeAll(() => {
    registerAttack(stripe('stripe'));
    registerDataset(
      datasets.fromArrays('bright', {
        classes: ['dark', 'bright'],
        train: twoClasses(600, 0),
        test: twoClasses(60, 1),
      }),
    );
    registerModel(tiny());
  });

  it('stops when a signal says so, goes on, and can be read', async () => {
    const path = join(folder, 'run');
    const stop = new AbortController();
    const stopped = run(config, path, false, {
      signal: stop.signal,
      progress: ({ stage }) => stage.startsWith('train') && stop.abort(),
    });
    await expect(stopped).rejects.toBeInstanceOf(Stopped);
    expect((await readRun(path)).result).toBeNull();

    const result = await run(config, path, true);
    expect(result.attack).toBe('stripe');
    expect(result.epochs).toBe(2);
    expect(await readFile(result.report, 'utf8')).toMatch(/^<!doctype html>/i);
    expect(result.verdict.sentence).toMatch(/score.*\.$/s);
    const record = await readRun(path);
    expect(record.classes).toEqual(['dark', 'bright']);
    expect(record.epochs.map((e) => e.epoch)).toEqual([1, 2]);
    expect(record.estimates.some((e) => e.group === '1/backdoor' && e.quantity === 'I(X;T)')).toBe(true);
    expect(dynamics.stealth(record.estimates, { target: 1 }).score).toBe(record.result!.stealth.score);
    await expect(run(config, path)).rejects.toBeInstanceOf(UserError);
  });
});

it('what an attacker has to train is trained for whoever poisons a data set', async () => {
  const cache = process.env.IBSCOPE_CACHE;
  process.env.IBSCOPE_CACHE = join(folder, 'cache');
  const dataset = await datasets.loadDataset('shapes10', { trainLimit: 40, testLimit: 10 });
  const options = { surrogateEpochs: 1, surrogateWidth: 1 };
  const set = await attacks.poisonDataset(dataset, attacks.findAttack('label-consistent'), {
    poisonRate: 0.5,
    options,
  });
  expect(set.poisoned.reduce((a, b) => a + b)).toBe(2);
  if (cache === undefined) delete process.env.IBSCOPE_CACHE;
  else process.env.IBSCOPE_CACHE = cache;
});

it('a trace that was written by the formats of the library is analysed', async () => {
  const path = join(folder, 'trace');
  const rng = new Rng(0, 'trace');
  const [n, d] = [400, 3];
  const label = Int32Array.from({ length: n }, (_, i) => i % 2);
  const t = Float32Array.from({ length: n * d }, (_, i) => label[Math.floor(i / d)] + rng.normal());
  const logits = Float32Array.from({ length: n * 2 }, (_, i) => (i % 2 === label[i >> 1] ? 1 : 0) + 0.1 * rng.normal());
  const f32 = (values: Float32Array, ...shape: number[]) => formats.ndarray(values, shape);
  await formats.writeNpz(join(path, 'samples.npz'), { label: formats.ndarray(label, [n]), x: f32(t, n, d) });
  await formats.writeNpz(join(path, 'probes', 'epoch-0001.npz'), { t: f32(t, 1, n, d), logits: f32(logits, 1, n, 2) });
  await writeFile(join(path, 'run.json'), JSON.stringify({ format: 1, classes: ['a', 'b'], config: { target: 0 } }));
  const result = await analyze({ path, options: { nullSplits: 0 } });
  expect(result.epochs).toBe(1);
  expect((await readRun(path)).estimates.some((e) => e.group === '1' && e.quantity === 'I(X;T)')).toBe(true);
});
