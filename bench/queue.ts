/**
 * Studies on a queue: what it costs to hand jobs over, to plan them, and to have them made by workers.
 *
 *   npm run -s bench -- queue [--only empty,plan,overhead,many] [--jobs N] [--runs N]
 *
 *   empty      N jobs (10 000) that do nothing: put on the queue, and worked off by two workers of this machine
 *   plan       the time in which N runs (10 000) of a sweep are planned
 *   overhead   one study of N runs (8) by the local executor and by two workers of one job each: runs an hour, and their ratio
 *   many       up to 1 000 workers by simulation, from the costs that `empty` measures, and what is busy first
 *
 * Needs `redis-server`. Says the load of the machine, because what is measured shares the processor with whatever else runs.
 */
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UserError } from '../src/base/errors.js';
import { table } from '../src/cli/table.js';
import type { Executor } from '../src/execution/executor.js';
import type { Job } from '../src/execution/job.js';
import { parseQueue } from '../src/execution/queue-address.js';
import { QueueExecutor, type Sender } from '../src/execution/queue-executor.js';
import { loadWords } from '../src/pipeline/run-cost.js';
import { has, TestRedis } from '../test/machines/redis.js';
import { type Costs, simulate } from './queue/simulate.js';
import { readNumber, readOptions } from './step/options.js';

const MAIN = join(import.meta.dirname, '../../dist/cli/main.js');
/** `maxclients` of Redis 7. */
const CONNECTIONS = 10_000;
const PARTS = ['empty', 'plan', 'overhead', 'many'];

export async function main(args: string[]): Promise<void> {
  const o = readOptions(args, { only: PARTS.join(), jobs: '10000', runs: '8' }, []);
  if (!has('redis-server')) throw new UserError('no redis-server here');
  const only = o.only!.split(',');
  const unknown = only.find((part) => !PARTS.includes(part));
  if (unknown !== undefined) throw new UserError(`unknown part "${unknown}": one of ${PARTS.join(', ')}`);
  const jobs = readNumber('jobs', o.jobs!, 1, true);
  const runs = readNumber('runs', o.runs!, 2, true);
  console.log(loadWords());
  if (only.includes('plan')) await plan(jobs);
  if (only.includes('overhead')) await overhead(runs);
  if (only.includes('empty') || only.includes('many')) {
    const costs = await empty(jobs);
    if (only.includes('many')) many(costs);
  }
  console.log(loadWords());
}

/** Seconds of work of a process, or of Redis. */
interface Worked {
  seconds: number;
  redis: number;
  study: number;
  megabytes: number[];
  /** Connections that one worker has to Redis. */
  connections: number;
}

/** Hands over jobs that do nothing, and waits for all. */
async function workOff(n: number, progress: boolean): Promise<Worked> {
  const redis = await TestRedis.start();
  const client = redis.client();
  const cpu = async () => {
    const info = await client.info('cpu');
    const read = (what: string) => Number(new RegExp(`^used_cpu_${what}:(.+)$`, 'm').exec(info)![1]);
    return read('user') + read('sys');
  };
  const script = join(import.meta.dirname, 'queue', 'nothing.js');
  const connected = async () => Number(/^connected_clients:(\d+)/m.exec(await client.info('clients'))![1]);
  const alone = await connected();
  const workers = [0, 1].map(() => fork(script, [redis.url, progress ? 'yes' : 'no']));
  for (const worker of workers) await new Promise((done) => worker.once('message', done));
  const connections = ((await connected()) - alone) / workers.length;
  const send = (_: unknown, id: unknown) => ({ id: `job${id}`, data: () => ({ id }), result: async () => null });
  const here = {} as Executor;
  const executor = await QueueExecutor.open(parseQueue(redis.url, 'bench'), here, send as Sender, () => false);
  const [redisBefore, studyBefore] = [await cpu(), process.cpuUsage()];
  const memory = () => process.memoryUsage.rss() / 2 ** 20;
  const megabytes = [memory()];
  const begun = performance.now();
  let done = 0;
  const job = {} as Job<number, null>;
  const all = Array.from({ length: n }, (_, i) =>
    executor.run(job, i).then(() => {
      if (++done % Math.ceil(n / 4) === 0) megabytes.push(memory());
    }),
  );
  await Promise.all(all);
  const seconds = (performance.now() - begun) / 1000;
  const { user, system } = process.cpuUsage(studyBefore);
  const worked = { seconds, redis: (await cpu()) - redisBefore, study: (user + system) / 1e6, megabytes, connections };
  executor.close();
  await Promise.all(workers.map(ended));
  client.disconnect();
  await redis.stop();
  return worked;
}

/** Asks a worker to end, and waits. */
async function ended(worker: ChildProcess) {
  const end = new Promise((done) => worker.once('exit', done));
  worker.disconnect();
  await end;
}

async function empty(n: number): Promise<Costs> {
  const plain = await workOff(n, false);
  const told = await workOff(n, true);
  const perMessage = (what: 'redis' | 'study') => Math.max(0, told[what] - plain[what]) / n;
  const costs = {
    redisPerJob: plain.redis / n,
    studyPerJob: plain.study / n,
    redisPerMessage: perMessage('redis'),
    studyPerMessage: perMessage('study'),
  };
  console.log(`${n} jobs that do nothing: ${plain.seconds.toFixed(1)} s, ${(n / plain.seconds).toFixed(0)} a second`);
  console.log(
    `memory of the study's process, MB, at the start and while they are done: ${plain.megabytes.map((m) => m.toFixed(0)).join(', ')}`,
  );
  const rows = Object.entries(costs).map(([name, value]) => [name, (1e6 * value).toFixed(0)]);
  console.log(table(['cost', 'µs of processor'], rows));
  const most = Math.floor(CONNECTIONS / plain.connections);
  console.log(
    `a worker has ${plain.connections} connections; Redis allows ${CONNECTIONS} unless told otherwise, so ${most} workers`,
  );
  return costs;
}

function many(costs: Costs) {
  const rows = [10, 60, 600].flatMap((seconds) =>
    [2, 10, 100, 1000].map((workers) => {
      const c = simulate(workers, seconds, costs);
      const first = c.redis > c.study ? 'Redis' : 'the study';
      const most = workers / Math.max(c.redis, c.study);
      return [
        String(seconds),
        String(workers),
        ...[c.efficiency, c.redis, c.study].map((share) => `${(100 * share).toFixed(1)} %`),
        first,
        most.toPrecision(2),
      ];
    }),
  );
  console.log('by simulation from these costs; the shared folder is not in it:');
  const head = ['job, s', 'workers', 'working', 'Redis busy', 'study busy', 'full first', 'at workers'];
  console.log(table(head, rows));
}

/** A command line; its seconds. */
async function timed(args: readonly string[], cwd: string, env: NodeJS.ProcessEnv = {}): Promise<number> {
  const begun = performance.now();
  const child = spawn(process.execPath, [MAIN, ...args], {
    cwd,
    env: { ...process.env, IBSCOPE_CACHE: join(cwd, 'cache'), ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.on('data', (text) => {
    said += text;
  });
  const code = await new Promise((done) => child.on('close', done));
  if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}: ${said.slice(-1000)}`);
  return (performance.now() - begun) / 1000;
}

const TINY = '--model resnet10 --width 2 --train-limit 2300 --test-limit 100 --draws 2 --null-splits 1'.split(' ');

async function plan(n: number) {
  const folder = mkdtempSync(join(tmpdir(), 'ibscope-bench-queue-'));
  const vary = ['--vary', 'alpha=0.05:0.5', '--vary', 'poison-rate=0.05:0.3', '--trials', String(n)];
  const out = ['--epochs', '1', '--out', 'sweep', '--plan', 'plan.json'];
  const seconds = await timed(['study', 'sweep', '--attacks', 'blend', ...vary, ...TINY, ...out], folder);
  console.log(`${n} runs planned in ${seconds.toFixed(1)} s`);
  rmSync(folder, { recursive: true, force: true });
}

/** Local and by two workers in turn, so that a load that changes meets both. */
async function overhead(runs: number) {
  const folder = mkdtempSync(join(tmpdir(), 'ibscope-bench-queue-'));
  const redis = await TestRedis.start();
  const client = redis.client();
  const env = { IBSCOPE_QUEUE: redis.url };
  const workers = [0, 1].map(() =>
    spawn(process.execPath, [MAIN, 'worker', '--jobs', '1'], {
      cwd: folder,
      env: { ...process.env, ...env, IBSCOPE_CACHE: join(folder, 'cache') },
      stdio: 'ignore',
    }),
  );
  const study = (more: string[]) => {
    const seeds = ['--attacks', 'badnets', '--rates', '0.1', '--seeds', `0-${runs - 1}`];
    return ['study', 'attacks', ...seeds, ...TINY, '--epochs', '4', '--checkpoints', '2s,1,4', ...more];
  };
  const rows: [string, number][] = [];
  for (const turn of [1, 2]) {
    // Studies on a queue share finished runs; here each makes its own.
    await client.flushdb();
    rows.push(['local', await timed(study(['--out', `local-${turn}`, '--jobs', '2']), folder)]);
    rows.push(['queue', await timed(study(['--out', `queue-${turn}`, '--executor', 'queue']), folder, env)]);
  }
  const total = (name: string) => rows.filter((r) => r[0] === name).reduce((sum, r) => sum + r[1], 0);
  const shown = rows.map(([name, s]) => [name, s.toFixed(1), ((3600 * runs) / s).toFixed(0)]);
  console.log(table(['executor', 's', 'runs/h'], shown));
  console.log(`rate on the queue against local: ${(total('local') / total('queue')).toFixed(3)}`);
  for (const worker of workers) worker.kill('SIGKILL');
  client.disconnect();
  await redis.stop();
  rmSync(folder, { recursive: true, force: true });
}
