/** A tiny sweep from its options to its page: two runs on shapes10, one of which poisons too few images for a score. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { renderStudy } from '../../src/report/index.js';
import { executePlan } from '../../src/studies/execute.js';
import { planStudy } from '../../src/studies/plan.js';
import { sweepStudy } from '../../src/studies/sweep.js';
import type { Trial } from '../../src/studies/trials.js';
import type { StudyOptions } from '../../src/studies/types.js';
import { parseVary } from '../../src/studies/vary.js';
import { smallConfig } from '../pipeline/small-run.js';
import { Here } from './here.js';

let box: string;
beforeAll(async () => {
  box = await mkdtemp(join(tmpdir(), 'ibscope-sweep-'));
});
afterAll(() => rm(box, { recursive: true, force: true }));

it('scores the trials with enough poisoned samples, says beforehand which have too few, and names the best', async () => {
  const { dataset, attack: _, attackOption: __, poisonRate: ___, seed: ____, ...base } = smallConfig([1], ['resolved']);
  const options: StudyOptions = {
    base: { ...base, epochs: 1, checkpoints: ['5s', 1] },
    data: [{ request: { dataset } }],
    attacks: [{ attack: 'blend' }],
    rates: [],
    seeds: [4],
    noises: [],
    models: [],
    sweep: { vary: ['alpha=0.6', 'poison-rate=0.01,0.1'].map((t) => parseVary(t, ['blend'])), seed: 0 },
  };
  const said: string[] = [];
  const hooks = { line: (text: string) => said.push(text) };
  const executor = new Here();
  const out = join(box, 'sweep');
  const plan = await planStudy(sweepStudy.plan(options), out, executor, hooks, true);
  // 24 of 2 400 images; a hundredth of 10 000 is 100.
  expect(said).toEqual([
    'blend at poison rate 0.01 (1 run): group 0/backdoor has 24 samples and a comparison needs 100, so there is no score; about 10000 training samples are enough',
  ]);
  const outcome = await executePlan(plan, out, executor, hooks);
  expect(outcome.failed).toEqual([]);
  const report = await sweepStudy.report(outcome, options);
  const [{ trials, frontier, best }] = (
    report.data as { datasets: { trials: Trial[]; frontier: number[]; best: { trial: number; command: string } }[] }
  ).datasets;
  expect(trials.map((t) => [t.values.alpha, t.values['poison-rate'], t.score === null])).toEqual([
    ['0.6', '0.01', true],
    ['0.6', '0.1', false],
  ]);
  const [small, scored] = outcome.runs.map((r) => r.result);
  expect(trials.map((t) => t.asr)).toEqual([small.asr, scored.asr]);
  expect(trials[1].score).toBeCloseTo(scored.stealth.score!, 10);
  expect(trials[0].reason).toContain('group 0/backdoor has 24 samples');
  expect(frontier).toEqual([2]);
  expect(best.command).toContain('npx ibscope run --dataset shapes10 --attack blend --attack-option alpha=0.6');
  const page = await renderStudy(report);
  expect(page).toContain('Trial 1 has no score');
  expect(page).not.toMatch(/NaN|undefined/);
});
