/**
 * Kills a run with SIGKILL at random moments, resumes each, and compares what it ends with to an uninterrupted run.
 *
 *   node scripts/kill-test.mjs [KILLS=10] [SEED=0]
 *
 * Prints one line per kill and exits with 1 if any run ends with other numbers.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { prepare, root } from './prepare.mjs';

prepare();
const kills = Number(process.argv[2] ?? 10);
let state = Number(process.argv[3] ?? 0) + 1;
/** Park and Miller's generator: the moments are the same for the same seed. */
const uniform = () => {
  state = (state * 48271) % 2147483647;
  return state / 2147483647;
};

// 36 steps an epoch: moments inside the first epoch, at its end, inside the second and at the end.
const options =
  '--width 2 --model resnet10 --epochs 2 --train-limit 2300 --test-limit 100 --probe-size 100 --checkpoints 2s,9s,1,45s,2 --draws 2 --null-splits 1'.split(
    ' ',
  );
const folder = mkdtempSync(join(tmpdir(), 'ibscope-kill-'));

function start(out, resume) {
  const args = [join(root, 'dist/cli/main.js'), 'run', ...options, '--out', out, ...(resume ? ['--resume'] : [])];
  const child = spawn(process.execPath, args, { stdio: 'ignore' });
  const ended = new Promise((resolve) => child.on('exit', (code, signal) => resolve(signal ?? code)));
  return { child, ended };
}

/** Everything a run ends with but where it lies and how long it took. */
function numbers(out) {
  const { dir: _, report: __, seconds: ___, ...rest } = JSON.parse(readFileSync(join(out, 'result.json'), 'utf8'));
  const rows = ['information.jsonl', 'resolution.jsonl'].map((log) => readFileSync(join(out, log), 'utf8'));
  const epochs = readFileSync(join(out, 'events.jsonl'), 'utf8')
    .split('\n')
    .filter((l) => /"event":"(epoch|moment)"/.test(l))
    .map((l) => ({ ...JSON.parse(l), seconds: 0 }));
  return JSON.stringify([rest, rows, epochs]);
}

const whole = join(folder, 'whole');
const began = performance.now();
if ((await start(whole, false).ended) !== 0) throw new Error('the uninterrupted run failed');
const length = performance.now() - began;
const expected = numbers(whole);
console.log(`uninterrupted: ${(length / 1000).toFixed(1)} s`);

let wrong = 0;
for (let i = 1; i <= kills; i++) {
  const out = join(folder, `killed-${i}`);
  const moment = uniform() * length;
  const { child, ended } = start(out, true);
  await Promise.race([sleep(moment), ended]);
  child.kill('SIGKILL');
  const how = await ended;
  const code = await start(out, true).ended;
  const same = code === 0 && numbers(out) === expected;
  if (!same) wrong++;
  const what = how === 'SIGKILL' ? `killed after ${(moment / 1000).toFixed(1)} s` : 'had ended before the kill';
  console.log(`${i}: ${what}, resumed: ${same ? 'the same numbers' : `OTHER NUMBERS (exit ${code})`}`);
}
rmSync(folder, { recursive: true, force: true });
console.log(wrong === 0 ? `all ${kills} the same` : `${wrong} of ${kills} differ`);
process.exitCode = wrong === 0 ? 0 : 1;
