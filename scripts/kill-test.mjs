/**
 * Kills a run, and an export, with SIGKILL at random moments, resumes each, and compares what it ends with to an uninterrupted run.
 *
 *   node scripts/kill-test.mjs [KILLS=10] [SEED=0]
 *
 * Prints one line per kill and exits with 1 if any run ends with other numbers.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
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
  return command(['run', ...options, '--out', out, ...(resume ? ['--resume'] : [])]);
}

function command(words) {
  const args = [join(root, 'dist/cli/main.js'), ...words];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (text) => {
    said = (said + text).slice(-2000);
  });
  const ended = new Promise((resolve) => child.on('close', (code, signal) => resolve(signal ?? code)));
  return { child, ended, said: () => said.trim() };
}

/** Exports the uninterrupted run, kills that, and exports again: the file is absent or whole after the kill, and equal in the end. */
async function exportKilled(i) {
  const out = join(folder, `killed-${i}.csv`);
  const words = ['export', whole, '--format', 'csv', '--out', out];
  const first = command(words);
  await Promise.race([sleep(uniform() * exportLength), first.ended]);
  first.child.kill('SIGKILL');
  await first.ended;
  const half = existsSync(out) && readFileSync(out, 'utf8') !== exported;
  const again = command(words);
  const code = await again.ended;
  if (!half && code === 0 && readFileSync(out, 'utf8') === exported) return true;
  console.log(`${i}: export: ${half ? 'a file that is not whole' : `exit ${code}: ${again.said()}`}`);
  return false;
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

const exportBegan = performance.now();
const wholeExport = join(folder, 'whole.csv');
const exporting = command(['export', whole, '--format', 'csv', '--out', wholeExport]);
if ((await exporting.ended) !== 0) throw new Error(`the uninterrupted export failed: ${exporting.said()}`);
const exportLength = performance.now() - exportBegan;
const exported = readFileSync(wholeExport, 'utf8');

let wrong = 0;
for (let i = 1; i <= kills; i++) {
  const out = join(folder, `killed-${i}`);
  const moment = uniform() * length;
  const { child, ended } = start(out, true);
  await Promise.race([sleep(moment), ended]);
  child.kill('SIGKILL');
  const how = await ended;
  const again = start(out, true);
  const code = await again.ended;
  const same = code === 0 && numbers(out) === expected;
  const sameExport = await exportKilled(i);
  if (!same || !sameExport) wrong++;
  const what = how === 'SIGKILL' ? `killed after ${(moment / 1000).toFixed(1)} s` : 'had ended before the kill';
  if (code !== 0) console.log(`${i}: the resumed run said: ${again.said()}`);
  console.log(`${i}: ${what}, resumed: ${same ? 'the same numbers' : `OTHER NUMBERS (exit ${code})`}`);
}
rmSync(folder, { recursive: true, force: true });
console.log(wrong === 0 ? `all ${kills} the same` : `${wrong} of ${kills} differ`);
process.exitCode = wrong === 0 ? 0 : 1;
