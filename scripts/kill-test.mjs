/**
 * Kills runs, exports and downloads with SIGKILL at random moments, lets each resume, and compares what it ends with to an uninterrupted one.
 * Of five kills three hit a run (training, probes, estimates, pictures or report), one an export and one a download.
 *
 *   node scripts/kill-test.mjs [KILLS=10] [SEED=0] [LOAD=0]
 *
 * LOAD: processes that compute at the same time. Prints one line per kill and exits with 1 if anything ends differently.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { prepare, root } from './prepare.mjs';

prepare();
const [kills = 10, seed = 0, load = 0] = process.argv.slice(2).map(Number);
let state = seed + 1;
/** Park and Miller's generator: the moments are the same for the same seed. */
const uniform = () => {
  state = (state * 48271) % 2147483647;
  return state / 2147483647;
};

const folder = mkdtempSync(join(tmpdir(), 'ibscope-kill-'));

/** A process of Node: its exit code or signal, and the end of what it said. */
function start(words) {
  const child = spawn(process.execPath, words, { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (text) => {
    said = (said + text).slice(-2000);
  });
  const ended = new Promise((resolve) => child.on('close', (code, signal) => resolve(signal ?? code)));
  return { child, ended, said: () => said.trim() };
}

const ibscope = (...words) => [join(root, 'dist/cli/main.js'), ...words];

// 36 steps an epoch: moments inside the first epoch, at its end, inside the second and at the end.
const RUN =
  '--width 2 --model resnet10 --epochs 2 --train-limit 2300 --test-limit 100 --probe-size 100 --checkpoints 2s,9s,1,45s,2 --draws 2 --null-splits 1'.split(
    ' ',
  );

/** Everything a run ends with but where it lies and how long it took. */
function numbersOf(out) {
  const { dir: _, report: __, seconds: ___, ...rest } = JSON.parse(readFileSync(join(out, 'result.json'), 'utf8'));
  const rows = ['information.jsonl', 'resolution.jsonl'].map((log) => readFileSync(join(out, log), 'utf8'));
  const epochs = readFileSync(join(out, 'events.jsonl'), 'utf8')
    .split('\n')
    .filter((l) => /"event":"(epoch|moment)"/.test(l))
    .map((l) => ({ ...JSON.parse(l), seconds: 0 }));
  return JSON.stringify([rest, rows, epochs, existsSync(join(out, 'report.html'))]);
}

/** A server of one packed file, in pieces that take a second and a half in all. */
const unpacked = Buffer.from(Uint32Array.from({ length: 1 << 18 }, () => uniform() * 2 ** 32).buffer);
const packed = gzipSync(unpacked);
const server = createServer(async ({ headers }, response) => {
  const from = Number(/^bytes=(\d+)-$/.exec(headers.range ?? '')?.[1] ?? 0);
  const body = packed.subarray(from);
  const range = from > 0 && { 'Content-Range': `bytes ${from}-${packed.length - 1}/${packed.length}` };
  response.writeHead(from > 0 ? 206 : 200, { ETag: '"1"', 'Content-Length': body.length, ...range });
  for (let at = 0; at < body.length && !response.destroyed; at += 1 << 14) {
    response.write(body.subarray(at, at + (1 << 14)));
    await sleep(20);
  }
  response.end();
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const ENTRY = {
  ...{ name: 'tiny', train: 1, test: 1, classes: 1, disk: null },
  ...{ what: 'a set', licence: 'none', page: null, dataDir: 'the folder' },
  remote: {
    base: `http://127.0.0.1:${server.address().port}/`,
    files: [
      {
        name: 'images.gz',
        bytes: packed.length,
        hash: { algorithm: 'sha256', hex: createHash('sha256').update(packed).digest('hex'), from: 'this test' },
        unpack: 'gz',
        most: { bytes: 1 << 21, entries: 5 },
      },
    ],
    holds: { images: unpacked.length },
  },
};
const FETCH = `
  const { fetchDataset } = await import(${JSON.stringify(pathToFileURL(join(root, 'dist/datasets/fetch/index.js')).href)});
  await fetchDataset({ entry: ${JSON.stringify(ENTRY)}, out: process.argv[1] });
`;

const whole = join(folder, 'whole');
/** What is killed: the words that make it at a place and that make it again, and what it ends with. */
const run = {
  name: 'run',
  first: (out) => ibscope('run', ...RUN, '--out', out),
  again: (out) => ibscope('run', ...RUN, '--out', out, '--resume'),
  result: numbersOf,
};
const exported = (out) => ibscope('export', whole, '--format', 'csv', '--out', `${out}.csv`);
const fetched = (out) => ['--input-type=module', '-e', FETCH, out];
const atomic = {
  name: 'export',
  first: exported,
  again: exported,
  result: (out) => readFileSync(`${out}.csv`, 'utf8'),
};
const download = {
  name: 'download',
  first: fetched,
  again: fetched,
  result: (out) =>
    createHash('sha256')
      .update(readFileSync(join(out, 'images')))
      .digest('hex'),
};
const SUBJECTS = [run, run, atomic, run, download];

/** Makes each subject without a kill: how long it takes, in ms, and what it ends with. */
async function uninterrupted(subject, out) {
  const begun = performance.now();
  const { ended, said } = start(subject.first(out));
  if ((await ended) !== 0) throw new Error(`the uninterrupted ${subject.name} failed: ${said()}`);
  subject.length = performance.now() - begun;
  subject.expected = subject.result(out);
  console.log(`uninterrupted ${subject.name}: ${(subject.length / 1000).toFixed(1)} s`);
}

/** What is at `out`, if a file of that name is there: it must be whole, or absent. */
const leftBy = (subject, out) =>
  subject === atomic && existsSync(`${out}.csv`) ? subject.result(out) : subject.expected;

/** Kills a subject at a random moment and makes it again; whether it ends as the uninterrupted one did. */
async function killed(i) {
  const subject = SUBJECTS[(i - 1) % SUBJECTS.length];
  const out = join(folder, `killed-${i}`);
  const moment = uniform() * subject.length;
  const first = start(subject.first(out));
  await Promise.race([sleep(moment), first.ended]);
  first.child.kill('SIGKILL');
  const how = (await first.ended) === 'SIGKILL' ? `killed after ${(moment / 1000).toFixed(1)} s` : 'had ended before';
  const left = leftBy(subject, out) === subject.expected;
  const again = start(subject.again(out));
  const code = await again.ended;
  const same = left && code === 0 && subject.result(out) === subject.expected;
  const end = same ? 'the same' : !left ? 'A FILE THAT IS NOT WHOLE' : code === 0 ? 'OTHER NUMBERS' : `EXIT ${code}`;
  console.log(`${i}: ${subject.name} ${how}, made again: ${end}`);
  if (code !== 0) console.log(`   ${again.said()}`);
  rmSync(out, { recursive: true, force: true });
  return same;
}

const busy = Array.from({ length: load }, () => spawn(process.execPath, ['-e', 'for (;;);'], { stdio: 'ignore' }));
try {
  await uninterrupted(run, whole);
  await uninterrupted(atomic, join(folder, 'export'));
  await uninterrupted(download, join(folder, 'download'));
  let wrong = 0;
  for (let i = 1; i <= kills; i++) if (!(await killed(i))) wrong++;
  console.log(wrong === 0 ? `all ${kills} the same` : `${wrong} of ${kills} differ`);
  process.exitCode = wrong === 0 ? 0 : 1;
} finally {
  for (const child of busy) child.kill();
  server.close();
  rmSync(folder, { recursive: true, force: true });
}
