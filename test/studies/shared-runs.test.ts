/** Runs that another study has made: copied where they are finished and whole, waited for where they are being made. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { isHeldError } from '../../src/runs/failures.js';
import { takeLease } from '../../src/runs/lease.js';
import { finished } from '../../src/studies/plan.js';
import { copyFinished } from '../../src/studies/shared-runs.js';
import type { WorkJob } from '../../src/studies/work.js';
import { remove, scratch, writeRun } from '../server/helpers.js';

let box: string;
let from: string;
let job: WorkJob;
beforeAll(async () => {
  box = await scratch();
  from = join(box, 'first/runs/x');
  await writeRun(from);
  const { config } = JSON.parse(readFileSync(join(from, 'run.json'), 'utf8'));
  job = { path: join(box, 'second/runs/x'), config, alternatives: false };
});
beforeEach(() => rm(join(box, 'second'), { recursive: true, force: true }));
afterAll(() => remove(box));

it('copies a finished run without its probes, as a finished run of its own folder', async () => {
  expect(readdirSync(join(from, 'probes')).length).toBeGreaterThan(0);
  expect(await copyFinished(from, job)).toBe(true);
  expect(await finished(job.path, job.config)).toMatchObject({ dir: job.path });
  const files = (folder: string) =>
    readdirSync(folder)
      .filter((name) => name !== 'probes')
      .sort();
  expect(readdirSync(job.path).sort()).toEqual(files(from));
  for (const name of ['information.jsonl', 'events.jsonl', 'run.json'])
    expect(readFileSync(join(job.path, name)), name).toEqual(readFileSync(join(from, name)));
});

it('copies nothing of another configuration, or of a run that lacks what the study needs', async () => {
  expect(await copyFinished(from, { ...job, config: { ...job.config, seed: 9 } })).toBe(false);
  expect(await copyFinished(from, { ...job, alternatives: true })).toBe(false);
  await mkdir(join(box, 'second'), { recursive: true });
  await writeFile(join(box, 'second/keep-probes'), '');
  expect(await copyFinished(from, job)).toBe(false);
  expect(existsSync(job.path)).toBe(false);
});

it('is told that another process works on the run', async () => {
  const lease = takeLease(from);
  const refused = await copyFinished(from, job).catch((error: unknown) => error);
  expect(isHeldError(refused)).toBe(true);
  await rm(join(from, 'result.json'));
  const making = await copyFinished(from, job).catch((error: unknown) => error);
  expect(isHeldError(making)).toBe(true);
  lease.release();
  // Nobody works on it any more, and it has no result.
  expect(await copyFinished(from, job)).toBe(false);
});
