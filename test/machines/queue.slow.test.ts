/** Studies on a queue, with a real Redis: the numbers of the local executor, and what faults of machines leave of them. */
import { execFile } from 'node:child_process';
import { existsSync, readFileSync, statSync, utimesSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Queue } from 'bullmq';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { SILENT } from '../../src/runs/lease.js';
import { isUnderWay, numbersOf, Program, runsOf, tinyStudy, until } from './programs.js';
import { has, PASSWORD, TestRedis } from './redis.js';

/** Epochs of runs that a fault is to meet in mid-training. */
const LONG = 4;

describe.skipIf(!has('redis-server'))(
  `a study on a queue${has('redis-server') ? '' : ' (skipped, needs redis-server)'}`,
  () => {
    let box: string;
    let redis: TestRedis;
    const programs: Program[] = [];
    const start = (args: string[], wrap?: string[], env: NodeJS.ProcessEnv = { IBSCOPE_QUEUE: redis.url }) => {
      const program = new Program(args, box, env, wrap);
      programs.push(program);
      return program;
    };
    const worker = (...more: string[]) => start(['worker', '--jobs', '1', ...more]);
    const onQueue = (out: string, seeds: string, epochs?: number) =>
      start([...tinyStudy(seeds, epochs), '--executor', 'queue', '--out', out]);
    const at = (out: string) => join(box, out);
    /** What the local executor makes of two longer runs. */
    let undisturbed: Record<string, unknown>;

    beforeAll(async () => {
      box = await mkdtemp(join(tmpdir(), 'ibscope-queue-'));
      redis = await TestRedis.start();
      const local = start([...tinyStudy('0', LONG), '--out', 'undisturbed']);
      expect(await local.ended, local.stderr).toBe(0);
      undisturbed = numbersOf(at('undisturbed'));
    });
    afterEach(async () => {
      for (const { child } of programs) child.kill('SIGKILL');
      await Promise.all(programs.splice(0).map((p) => p.ended));
      // Studies on one queue share finished runs; each test is to make its own.
      const client = redis.client();
      await client.flushall();
      client.disconnect();
    });
    afterAll(async () => {
      await redis.stop();
      await rm(box, { recursive: true, force: true });
    });

    it('goes on from the checkpoint of a worker that was killed', async () => {
      const study = onQueue('killed', '0', LONG);
      const first = worker();
      await until(() => isUnderWay(at('killed')), first);
      first.child.kill('SIGKILL');
      const second = worker();
      expect(await study.ended, study.stderr).toBe(0);
      expect(second.stderr).toMatch(/: done in/);
      expect(numbersOf(at('killed'))).toEqual(undisturbed);
    });

    it('goes on where a worker that was stopped gave its job back', async () => {
      const study = onQueue('stopped', '0', LONG);
      const first = worker();
      await until(() => isUnderWay(at('stopped')), first);
      first.child.kill('SIGTERM');
      expect(await first.ended).toBe(130);
      expect(first.stderr).toContain('saved');
      worker();
      expect(await study.ended, study.stderr).toBe(0);
      expect(numbersOf(at('stopped'))).toEqual(undisturbed);
    });

    it('survives a Redis that starts again and has lost all jobs', async () => {
      const study = onQueue('restart', '0', LONG);
      worker();
      await until(() => isUnderWay(at('restart')), study);
      await redis.kill();
      await redis.start();
      expect(await study.ended, study.stderr).toBe(0);
      expect(numbersOf(at('restart'))).toEqual(undisturbed);
    });

    it('ends with one line where Redis is gone for good, and resumes without it', async () => {
      const own = await TestRedis.start();
      const env = { IBSCOPE_QUEUE: own.url };
      const study = start([...tinyStudy('0', LONG), '--executor', 'queue', '--out', 'gone'], [], env);
      const one = start(['worker', '--jobs', '1'], [], env);
      await until(() => isUnderWay(at('gone')), study);
      await own.stop();
      expect(await study.ended).toBe(1);
      expect(await one.ended).toBe(1);
      for (const { stderr } of [study, one]) {
        expect(stderr.trimEnd().split('\n').at(-1)).toContain(`${own.shown}: no connection for 60 s (ECONNREFUSED)`);
        expect(stderr).not.toContain(PASSWORD);
        expect(stderr).not.toMatch(/defect|\n {4}at /);
      }
      expect(study.stderr).toContain('To resume, give the same command');
      const resumed = start([...tinyStudy('0', LONG), '--out', 'gone', '--resume']);
      expect(await resumed.ended, resumed.stderr).toBe(0);
      expect(numbersOf(at('gone'))).toEqual(undisturbed);
    });

    it('makes a run once that is delivered twice at the same time', async () => {
      const study = onQueue('twice', '0', LONG);
      await until(() => runsOf(at('twice')).length >= 0 && existsSync(join(at('twice'), 'attacks-plan.json')), study);
      const queue = new Queue('ibscope', { connection: redis.client() });
      let waiting = await queue.getWaiting();
      while (waiting.length < 2) waiting = await queue.getWaiting();
      // The same work under another identity, as if the first had been thought lost.
      await queue.addBulk(waiting.map(({ name, data }) => ({ name, data })));
      worker();
      worker();
      expect(await study.ended, study.stderr).toBe(0);
      await until(() => true);
      expect(numbersOf(at('twice'))).toEqual(undisturbed);
      await queue.obliterate({ force: true });
      await queue.close();
    });

    it('lets a worker that slept past its lease write nothing more', async () => {
      const study = onQueue('slept', '0', LONG);
      const sleeper = start(['worker', '--jobs', '1'], ['setsid']);
      await until(() => isUnderWay(at('slept')), sleeper);
      const [run] = runsOf(at('slept')).filter((name) => existsSync(join(at('slept'), 'runs', name, 'lock')));
      const lock = join(at('slept'), 'runs', run, 'lock');
      const { pid } = JSON.parse(readFileSync(lock, 'utf8'));
      const both = [sleeper.child.pid!, pid];
      for (const each of both) process.kill(each, 'SIGSTOP');
      const then = (statSync(lock).mtimeMs - SILENT) / 1000 - 60;
      utimesSync(lock, then, then);
      const other = worker();
      await other.says(`${run}: begun`);
      await until(() => JSON.parse(readFileSync(lock, 'utf8')).fence === 2, other);
      for (const each of both) process.kill(each, 'SIGCONT');
      await sleeper.says('this process was silent too long');
      expect(await study.ended, study.stderr).toBe(0);
      expect(numbersOf(at('slept'))).toEqual(undisturbed);
    });

    it('tries a job again where one machine has a full disk, which then takes no job for a while', async ({ skip }) => {
      const study = onQueue('full', '0', LONG);
      await until(() => existsSync(join(at('full'), 'attacks-plan.json')), study);
      await mkdir(join(at('full'), 'runs'), { recursive: true });
      // For this worker alone, the folder of the runs is a disk of half a megabyte.
      const mount = `mount -t tmpfs -o size=512k tmpfs ${join(at('full'), 'runs')} && exec "$0" "$@"`;
      const broken = start(['worker', '--jobs', '1'], ['unshare', '--mount', 'sh', '-c', mount]);
      await Promise.race([broken.ended, broken.says('takes no job for')]);
      if (!broken.stderr.includes('takes no job for')) return skip('needs unshare and mount');
      expect(broken.stderr).toMatch(/no space left|ENOSPC/);
      worker();
      expect(await study.ended, study.stderr).toBe(0);
      expect(numbersOf(at('full'))).toEqual(undisturbed);
    });

    it('ends with the same results after two random kills of workers', async () => {
      const script = join(import.meta.dirname, '../../scripts/kill-workers.mjs');
      const { stdout } = await promisify(execFile)(process.execPath, [script, '2', '0', '2']);
      expect(stdout).toContain('2 kills: 2 of 2 results are the same');
    });
  },
);
