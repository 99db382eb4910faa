/**
 * Kills workers of a queue with SIGKILL at random moments while a study runs, starts another in the place of each, and compares all results
 * to those of the same study on this machine without a kill.
 *
 *   node scripts/kill-workers.mjs [KILLS=20] [SEED=0] [RUNS=6]
 *
 * It needs `redis-server`. Prints one line per kill and exits with 1 if any result differs.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { prepare, root } from './prepare.mjs';

prepare();
const [kills = 20, seed = 0, runs = 6] = process.argv.slice(2).map(Number);
let state = seed + 1;
/** Park and Miller's generator: the moments are the same for the same seed. */
const uniform = () => {
  state = (state * 48271) % 2147483647;
  return state / 2147483647;
};

const folder = mkdtempSync(join(tmpdir(), 'ibscope-kill-workers-'));
const STUDY =
  `study attacks --attacks none,badnets --rates 0.3 --seeds 0-${runs / 2 - 1} --model resnet10 --width 1 --batch-size 50 --train-limit 2000 --test-limit 50 --epochs 4 --checkpoints 3s,4 --draws 2 --null-splits 0`.split(
    ' ',
  );

const server = createServer();
await new Promise((done) => server.listen(0, '127.0.0.1', done));
const { port } = server.address();
await new Promise((done) => server.close(done));
const env = { ...process.env, IBSCOPE_QUEUE: `redis://127.0.0.1:${port}`, IBSCOPE_CACHE: join(folder, 'cache') };

const children = new Set();
/** A program: its exit code or signal, and the end of what it said. */
function start(program, words) {
  const child = spawn(program, words, { cwd: folder, env, stdio: ['ignore', 'ignore', 'pipe'], detached: true });
  children.add(child);
  let said = '';
  child.stderr.on('data', (text) => {
    said = (said + text).slice(-2000);
  });
  const ended = new Promise((resolve) => child.on('close', (code, signal) => resolve(signal ?? code)));
  ended.then(() => children.delete(child));
  return { child, ended, said: () => said.trim() };
}
const ibscope = (...words) => start(process.execPath, [join(root, 'dist/cli/main.js'), ...words]);

/** Everything the runs of a study end with but places and times. */
function numbersOf(out) {
  const names = readdirSync(join(folder, out, 'runs')).sort();
  return names.map((name) => {
    const read = (file) => readFileSync(join(folder, out, 'runs', name, file), 'utf8');
    const { dir: _, report: __, seconds: ___, ...rest } = JSON.parse(read('result.json'));
    return JSON.stringify([name, rest, read('information.jsonl'), read('resolution.jsonl')]);
  });
}

try {
  start('redis-server', ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--dir', folder]);
  const begun = performance.now();
  const whole = ibscope(...STUDY, '--out', 'whole');
  if ((await whole.ended) !== 0) throw new Error(`the undisturbed study failed: ${whole.said()}`);
  const seconds = (performance.now() - begun) / 1000;
  console.log(`undisturbed: ${runs} runs in ${seconds.toFixed(1)} s`);

  const study = ibscope(...STUDY, '--executor', 'queue', '--out', 'killed');
  let over = false;
  study.ended.then(() => {
    over = true;
  });
  const workers = [0, 1].map(() => ibscope('worker', '--jobs', '1'));
  // While a job is thought to be in progress nobody works on it, so kills lie further apart than the study alone would need, but never so
  // far that the study ends before the second.
  const spread = Math.min(seconds / 2, Math.max(10, (2 * seconds) / kills));
  let done = 0;
  while (done < kills && !over) {
    await Promise.race([sleep(1000 * (2 + uniform() * spread)), study.ended]);
    if (over) break;
    const which = uniform() < 0.5 ? 0 : 1;
    // Of two kills one hits the worker alone, whose children save and end, and one its children too.
    const { pid } = workers[which].child;
    process.kill(uniform() < 0.5 ? pid : -pid, 'SIGKILL');
    await workers[which].ended;
    workers[which] = ibscope('worker', '--jobs', '1');
    console.log(
      `${++done}: killed worker ${which + 1} after ${((performance.now() - begun) / 1000 - seconds).toFixed(1)} s`,
    );
  }
  const code = await study.ended;
  const [expected, found] = [numbersOf('whole'), code === 0 ? numbersOf('killed') : []];
  const same = expected.filter((text, i) => text === found[i]).length;
  console.log(`${done} kills: ${same} of ${expected.length} results are the same`);
  if (code !== 0) console.log(`the study ended with ${code}: ${study.said()}`);
  process.exitCode = code === 0 && same === expected.length && done === kills ? 0 : 1;
} finally {
  for (const { pid } of children)
    try {
      process.kill(-pid, 'SIGKILL');
    } catch {
      // It has just ended.
    }
  await sleep(500);
  rmSync(folder, { recursive: true, force: true });
}
