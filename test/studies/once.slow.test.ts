/** A study prepares what its attack needs once, when the run that needs it begins: not for group sizes, and not for costs. */
import { existsSync, readdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { defineAttack } from '../../src/attacks/define.js';
import { resolveConfig } from '../../src/config/resolve.js';
import { registerAttack, registerDataset } from '../../src/library/register.js';
import { compare } from '../../src/studies/compare.js';
import { executePlan } from '../../src/studies/execute.js';
import { planStudy } from '../../src/studies/plan.js';
import { Here, noiseImages } from './here.js';

let box: string;
const { IBSCOPE_CACHE } = process.env;

/** Images that the trigger was applied to. */
const applied = { train: 0, test: 0 };
const counting = defineAttack({
  name: 'counting',
  summary: 'counts what it is applied to',
  source: '',
  threat: '',
  options: z.strictObject({}),
  adversary: () => ({
    norm: 'linf',
    epsilon: 0.1,
    step: 0.1,
    steps: 1,
    surrogate: { model: 'resnet18', width: 1, epochs: 1 },
  }),
  trigger() {
    const black = (kind: 'train' | 'test') => (image: Float32Array) => {
      applied[kind]++;
      return new Float32Array(image.length);
    };
    return { train: black('train'), test: black('test') };
  },
});

beforeAll(async () => {
  registerDataset(noiseImages('noise-of-once'));
  registerAttack(counting);
  box = await mkdtemp(join(tmpdir(), 'ibscope-once-'));
  process.env.IBSCOPE_CACHE = join(box, 'cache');
});
afterAll(async () => {
  if (IBSCOPE_CACHE === undefined) delete process.env.IBSCOPE_CACHE;
  else process.env.IBSCOPE_CACHE = IBSCOPE_CACHE;
  await rm(box, { recursive: true, force: true });
});

const config = (more = {}) =>
  resolveConfig({
    dataset: 'noise-of-once',
    attack: 'counting',
    poisonRate: 0.1,
    width: 1,
    epochs: 1,
    checkpoints: [1],
    instrument: ['critics'],
    draws: 1,
    nullSplits: 0,
    probeSize: 100,
    ...more,
  });
/** A tenth of 3 000 training images; the 36 test images of the nine classes that are not the target. */
const ONCE = { train: 300, test: 36 };

it('a study of one run poisons once, and trains the attacker’s model once', async () => {
  const atStart = new Map<string, object>();
  const executor = new Here((job) => atStart.set(job, { ...applied, cache: existsSync(join(box, 'cache')) }));
  const out = join(box, 'study');
  const plan = await planStudy([config()], out, executor, {}, true);
  const { runs, failed } = await executePlan(plan, out, executor, {});
  expect(failed).toEqual([]);
  expect(runs).toHaveLength(1);
  expect(runs[0].result.groupSize).toBe(100);
  expect(executor.jobs).toEqual(['groupSizesJob', 'costJob', 'runJob']);
  for (const job of executor.jobs) expect(atStart.get(job), job).toEqual({ train: 0, test: 0, cache: false });
  expect(applied).toEqual(ONCE);
  for (const kind of ['models', 'adversarial']) expect(readdirSync(join(box, 'cache', kind)), kind).toHaveLength(1);

  // Planned again, the run is finished: nothing is timed, and nothing is poisoned.
  const again = new Here();
  const second = await planStudy([config()], out, again, {}, true);
  expect(second.runs.map((r) => r.done)).toEqual([true]);
  expect(again.jobs).toEqual([]);
  expect(applied).toEqual(ONCE);
});

it('a comparison of one attack poisons once', async () => {
  Object.assign(applied, { train: 0, test: 0 });
  await compare([{ name: 'counting', config: config({ seed: 1 }) }], {
    path: join(box, 'compare'),
    resume: false,
    workers: false,
  });
  expect(applied).toEqual(ONCE);
});
