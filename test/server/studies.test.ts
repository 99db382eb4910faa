/** The jobs of a study as the dashboard lists them, from the study's folder alone. */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { resolveConfig } from '../../src/config/resolve.js';
import { writeFailure } from '../../src/runs/failures.js';
import { takeLease } from '../../src/runs/lease.js';
import { writePlan } from '../../src/runs/study-plan.js';
import { RunList } from '../../src/server/run-list.js';
import { remove, scratch, writeRun } from './helpers.js';

let folder: string;
beforeAll(async () => {
  folder = await scratch();
});
afterAll(() => remove(folder));

it('counts jobs that wait, run, are done and failed, says where they run, and how long the rest takes', async () => {
  const out = join(folder, 'study');
  const config = resolveConfig({ attack: 'blend' });
  const names = ['waits', 'stopped', 'here', 'there', 'done', 'failed'];
  const jobs = names.map((name) => ({ name, seconds: 100, config }));
  await writePlan(join(out, 'attacks-plan.json'), { study: 'attacks', out, alternatives: false, jobs });
  for (const name of ['stopped', 'here', 'there', 'done']) await writeRun(join(out, 'runs', name));
  for (const name of ['stopped', 'here', 'there'])
    for (const file of ['result.json', 'events.jsonl']) await rm(join(out, 'runs', name, file), { force: true });
  const lease = takeLease(join(out, 'runs', 'here'));
  // Elsewhere, and heard of just now.
  const holder = { ...lease.holder, host: 'node7', place: 'elsewhere', token: 'b' };
  await writeFile(join(out, 'runs', 'there', 'lock'), JSON.stringify(holder));
  await writeFailure(out, { name: 'failed', kind: 'DivergedError', why: 'the loss is not finite' });
  // A run that failed once and was made later is done.
  await writeFailure(out, { name: 'done', kind: 'UserError', why: 'no such folder' });

  const { studies } = await new RunList(folder).list();
  lease.release();
  expect(studies).toEqual([
    {
      id: 'study',
      study: 'attacks',
      jobs: { waiting: 2, running: 2, done: 1, failed: 1 },
      places: [
        { host: lease.holder.host, jobs: 1 },
        { host: 'node7', jobs: 1 },
      ].sort((a, b) => a.host.localeCompare(b.host)),
      failed: ['failed'],
      // Four jobs of 100 s, two at a time.
      secondsLeft: 200,
    },
  ]);
});

it('lists a plan that cannot be read with the reason', async () => {
  await mkdir(join(folder, 'broken'));
  await writeFile(join(folder, 'broken', 'attacks-plan.json'), '{"jobs":');
  const { studies } = await new RunList(folder).list();
  expect(studies.find((s) => s.id === 'broken')?.problem).toMatch(/not JSON/);
});
