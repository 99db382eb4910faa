/** One study of six runs by every executor: the same numbers, and no password in anything that is written, printed or listed. */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { numbersOf, Program, runsOf, tinyStudy } from './programs.js';
import { has, PASSWORD, TestRedis } from './redis.js';
import { missing, TestSlurm } from './slurm.js';

const STUDY = tinyStudy('0-2');
let box: string;
let local: Record<string, unknown>;
const at = (out: string) => join(box, out);

beforeAll(async () => {
  box = await mkdtemp(join(tmpdir(), 'ibscope-same-'));
  const study = new Program([...STUDY, '--out', 'local'], box);
  expect(await study.ended, study.stderr).toBe(0);
  local = numbersOf(at('local'));
  expect(Object.keys(local)).toHaveLength(6);
});
afterAll(() => rm(box, { recursive: true, force: true }));

it('by hand, from its plan', async () => {
  const planned = new Program([...STUDY, '--out', 'planned', '--plan', 'plan.json'], box);
  expect(await planned.ended, planned.stderr).toBe(0);
  expect(runsOf(at('planned'))).toEqual([]);
  const { jobs } = JSON.parse(readFileSync(at('plan.json'), 'utf8'));
  expect(jobs.map((job: { name: string }) => job.name).sort()).toEqual(Object.keys(local));
  for (const job of [0, 5]) {
    const work = new Program(['work', 'plan.json', '--job', String(job), '--json'], box);
    expect(await work.ended, work.stderr).toBe(0);
    const { name } = jobs[job];
    expect(JSON.parse(work.stdout).dir).toBe(join(at('planned'), 'runs', name));
    expect(numbersOf(at('planned'))[name]).toEqual(local[name]);
  }
  const none = new Program(['work', 'plan.json', '--job', '6'], box);
  expect(await none.ended).toBe(2);
  expect(none.stderr).toBe('ibscope: --job 6: plan.json has 6 jobs, numbered from 0 to 5\n');
});

const noRedis = !has('redis-server');
it.skipIf(noRedis)(`on a queue with two workers${noRedis ? ' (skipped, needs redis-server)' : ''}`, async () => {
  const redis = await TestRedis.start();
  const env = { IBSCOPE_QUEUE: redis.url };
  const workers = [0, 1].map(() => new Program(['worker', '--jobs', '1'], box, env));
  const study = new Program([...STUDY, '--executor', 'queue', '--out', 'queue'], box, env);
  try {
    await study.says('runs to do');
    const processes = execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' });
    expect(processes).toContain('--executor queue');
    expect(await study.ended, study.stderr).toBe(0);
    expect(numbersOf(at('queue'))).toEqual(local);
    // A second study on the queue, in another folder, makes none of these runs again.
    const second = new Program([...STUDY, '--executor', 'queue', '--out', 'second'], box, env);
    expect(await second.ended, second.stderr).toBe(0);
    expect(numbersOf(at('second'))).toEqual(local);
    const log = workers.map((w) => w.stderr).join('\n');
    expect(log.match(/: begun/g)).toHaveLength(6);
    expect(log.match(/: copied from queue\/runs\//g)).toHaveLength(6);
    for (const worker of workers) {
      expect(worker.stderr).toMatch(/: done in/);
      worker.child.kill('SIGTERM');
      expect(await worker.ended).toBe(130);
    }
    // Probes are deleted as the local executor does.
    expect(existsSync(join(at('queue'), 'runs', runsOf(at('queue'))[0], 'probes'))).toBe(false);
    const files = readdirSync(at('queue'), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1'));
    expect(files.length).toBeGreaterThan(50);
    const said = [study, ...workers].flatMap((p) => [p.stdout, p.stderr]);
    for (const text of [processes, ...said, ...files]) expect(text).not.toContain(PASSWORD);
  } finally {
    for (const { child } of [study, ...workers]) child.kill('SIGKILL');
    await redis.stop();
  }
});

const lacks = missing();
it.skipIf(lacks !== null)(`on Slurm${lacks ? ` (skipped, needs ${lacks})` : ''}`, async () => {
  const slurm = await TestSlurm.start();
  try {
    const study = new Program([...STUDY, '--executor', 'slurm', '--out', 'slurm'], box, slurm.env);
    expect(await study.ended, `${study.stderr}\n${slurm.logs()}`).toBe(0);
    expect(study.stderr).toMatch(/submitted to Slurm as job \d+/);
    expect(study.stderr).toMatch(/running on/);
    expect(numbersOf(at('slurm'))).toEqual(local);
  } finally {
    await slurm.stop();
  }
});
