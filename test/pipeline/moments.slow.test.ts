/** A run with moments inside an epoch and resolved information: its files, and that a stop at any step changes nothing. */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunHooks } from '../../src/base/progress.js';
import { run } from '../../src/pipeline/run.js';
import { withRunningStatistics } from '../../src/pipeline/running-statistics.js';
import { RunDirectory } from '../../src/runs/directory.js';
import { smallConfig } from './small-run.js';

const config = () => smallConfig(['1s', 0.5, 1, 1.2, 2], ['resolved']);

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'ibscope-moments-'));
});
afterAll(() => rm(root, { recursive: true }));

const lines = async (path: string, name: string) =>
  (await readFile(join(path, name), 'utf8'))
    .trim()
    .split('\n')
    .map((l) => JSON.parse(l));
const withoutTimes = (rows: Record<string, unknown>[]) => rows.map(({ seconds: _, ...row }) => row);

describe('a run with moments', () => {
  it('has figures, probe and estimates at each, one κ a quantity, and a p', async () => {
    const path = join(root, 'whole');
    const result = await run(config(), path, false);
    // Ten steps an epoch.
    const moments = [0.1, 0.5, 1, 1.2, 2];
    const events = await lines(path, 'events.jsonl');
    expect(events.filter((e) => e.event === 'moment').map((e) => [e.step, e.epoch])).toEqual([
      [1, 0.1],
      [5, 0.5],
      [12, 1.2],
    ]);
    for (const e of events.filter((row) => row.event === 'moment'))
      for (const key of ['trainLoss', 'testLoss', 'testAccuracy', 'asr'])
        expect(Number.isFinite(e[key]), key).toBe(true);
    expect(events.filter((e) => e.event === 'epoch').map((e) => e.epoch)).toEqual([1, 2]);
    expect((await readdir(join(path, 'probes'))).sort()).toEqual([
      'epoch-0000.step-00000001.safetensors',
      'epoch-0000.step-00000005.safetensors',
      'epoch-0001.safetensors',
      'epoch-0001.step-00000012.safetensors',
      'epoch-0002.safetensors',
    ]);
    const rows = (await lines(path, 'information.jsonl')).filter((r) => r.estimator === 'resolved');
    expect(rows.length).toBe(5 * 2 * new Set(rows.map((r) => r.group)).size);
    expect(rows.some((r) => r.group === '3/null-b0')).toBe(true);
    const backdoor = rows.filter((r) => r.group === '0/backdoor' && r.quantity === 'I(X;T)');
    expect(backdoor.map((r) => r.epoch)).toEqual(moments);
    for (const r of rows) {
      expect(r.nats).toBeGreaterThanOrEqual(-0.05);
      expect(r.nats).toBeLessThanOrEqual(Math.log(r.samples) + 1e-9);
    }
    // All moments lie in the first 200 steps, and two steps in, the running statistics are far from those of the training images.
    const running = await lines(path, 'running-statistics.jsonl');
    const classes = Array.from({ length: 9 }, (_, k) => String(k + 1));
    for (const epoch of moments)
      for (const [quantity, variant] of [
        ['I(X;T)', 'own'],
        ['I(T;Ŷ)', 'logits'],
      ]) {
        const here = running.filter((r) => r.epoch === epoch && r.quantity === quantity && r.variant === variant);
        expect(here.map((r) => r.group).sort()).toEqual(['0/backdoor', '0/clean', ...classes]);
      }
    expect(running).toHaveLength(5 * 2 * 11);
    const shown = await withRunningStatistics(await RunDirectory.read(path), rows);
    expect(shown).toHaveLength(5 * 2 * 11);
    for (const r of shown) {
      const recomputed = rows.find(
        (o) => o.epoch === r.epoch && o.group === r.group && o.quantity === r.quantity && o.kappa === r.kappa,
      );
      expect(recomputed).toBeDefined();
      if (r.epoch === 0.1 && r.quantity === 'I(X;T)') expect(Math.abs(r.nats - recomputed.nats)).toBeGreaterThan(0.01);
    }
    expect(Object.keys(result.stealth.kappa)).toEqual(['I(X;T)', 'I(T;Ŷ)']);
    expect(result.stealth.instrument).toBe('resolved');
    expect(result.stealth.null!.draws).toBe(9);
    expect(result.stealth.p!).toBeGreaterThan(0);
    expect(result.stealth.p!).toBeLessThanOrEqual(1);
    expect(result.stealth.rank! * 10).toBeCloseTo(Math.round(result.stealth.rank! * 10), 9);
  });

  it.each([0, 6, 13])('stopped after %i steps and resumed, ends with the same numbers', async (steps) => {
    const path = join(root, `stopped-${steps}`);
    let seen = 0;
    const hooks: RunHooks = {
      progress: ({ phase }) => {
        if (phase === 'train') seen++;
      },
      shouldStop: () => seen > steps,
    };
    // Where it stops depends on which of the two is ahead, training or estimating; both must resume to the same numbers.
    await expect(run(config(), path, false, hooks)).rejects.toThrow(/^stopped .*is saved$/);
    await run(config(), path, true);
    for (const name of ['events.jsonl', 'information.jsonl', 'resolution.jsonl', 'running-statistics.jsonl'])
      expect(withoutTimes(await lines(path, name)), name).toEqual(withoutTimes(await lines(join(root, 'whole'), name)));
  });
});
