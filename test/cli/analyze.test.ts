/** `ibscope analyze` on traces of others: recorded by PyTorch, growing, and hostile. */

import { execFile, execFileSync, spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { Rng } from '../../src/base/random.js';
import type { EstimateRow } from '../../src/dynamics/index.js';
import { encodeNpy, ndarray } from '../../src/formats/npy.js';
import { encodeNpz } from '../../src/formats/npz.js';
import { encodeSafetensors, tensor } from '../../src/formats/safetensors.js';
import { hasTorch } from '../python.js';
import { MAIN, sandbox, smallRun } from './helpers.js';

const box = sandbox();
const at = (...parts: string[]) => join(box.folder, ...parts);
const rows = (trace: string): EstimateRow[] =>
  readFileSync(at(trace, 'information.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((l) => JSON.parse(l));

const N = 480;
const CLASSES = ['a', 'b', 'c', 'd'];
const label = Int32Array.from({ length: N }, (_, i) => i % 4);
// A third of class 0 carries the payload.
const poisoned = Uint8Array.from(label, (y, i) => Number(y === 0 && i % 12 === 0));

/** T = one column of X plus noise, Ŷ a function of T; payload samples have another column. */
function probe(seed: number) {
  const rng = new Rng(seed, 'probe');
  const free = new Float32Array(N * 2).map(() => rng.normal());
  const mean = Float32Array.from({ length: 2 * N * 2 }, (_, i) => free[i % (N * 2)]);
  const t = mean.map((v) => v + 0.5 * rng.normal());
  const logits = Float32Array.from(
    { length: 2 * N * 4 },
    (_, i) => t[2 * Math.floor(i / 4)] * (1 + (i % 4)) + rng.normal(),
  );
  return { free, mean, t, logits };
}

const runJson = (more: object = {}) =>
  JSON.stringify({ format: 1, classes: CLASSES, config: { target: 0, epochs: 2, ...more } });

/** A whole, small trace; `form`: how its arrays are written. */
function writeTrace(name: string, form: 'safetensors' | 'npz' | 'npy' = 'npz') {
  mkdirSync(at(name, 'probes'), { recursive: true });
  writeFileSync(at(name, 'run.json'), runJson());
  const write = (
    base: string,
    arrays: Record<string, { data: Float32Array | Int32Array | Uint8Array; shape: number[]; flags?: boolean }>,
  ) => {
    const entries = Object.entries(arrays);
    if (form === 'safetensors')
      writeFileSync(
        `${base}.safetensors`,
        encodeSafetensors(
          Object.fromEntries(entries.map(([k, a]) => [k, tensor(a.data, a.shape, a.flags ? 'BOOL' : undefined)])),
        ),
      );
    else if (form === 'npz')
      writeFileSync(
        `${base}.npz`,
        encodeNpz(
          Object.fromEntries(entries.map(([k, a]) => [k, ndarray(a.data, a.shape, a.flags ? 'b1' : undefined)])),
        ),
      );
    else {
      mkdirSync(base, { recursive: true });
      for (const [k, a] of entries)
        writeFileSync(join(base, `${k}.npy`), encodeNpy(ndarray(a.data, a.shape, a.flags ? 'b1' : undefined)));
    }
  };
  write(at(name, 'samples'), {
    label: { data: label, shape: [N] },
    poisoned: { data: poisoned, shape: [N], flags: true },
  });
  for (const epoch of [1, 2]) {
    const { free, mean, t, logits } = probe(epoch);
    write(at(name, 'probes', `epoch-000${epoch}`), {
      t: { data: t, shape: [2, N, 2] },
      t_mean: { data: mean, shape: [2, N, 2] },
      t_noise_free: { data: free, shape: [N, 2] },
      t_noise_std: { data: Float32Array.of(0.5), shape: [1] },
      logits: { data: logits, shape: [2, N, 4] },
    });
  }
}

describe('a trace', () => {
  it('says the same whether it is safetensors, npz or npy, again and under another β', async () => {
    // Two columns of variance 1 with noise 0.5: ln 5 nats.
    for (const form of ['safetensors', 'npz', 'npy'] as const) writeTrace(form, form);
    const outcomes = [];
    for (const form of ['safetensors', 'npz', 'npy'])
      outcomes.push(await box.run(['analyze', form, '--null-splits', '0', '--json']));
    for (const o of outcomes) expect(o.code, o.stderr).toBe(0);
    expect(rows('npz')).toEqual(rows('safetensors'));
    expect(rows('npy')).toEqual(rows('safetensors'));
    const whole = rows('npz').find((r) => r.group === 'all' && r.quantity === 'I(X;T)' && r.epoch === 2)!;
    expect(Math.abs(whole.nats - Math.log(5))).toBeLessThan(4 * whole.standardError + 0.1);
    const own = readFileSync(at('npz', 'run.json'), 'utf8');
    const before = JSON.parse(outcomes[1].stdout);
    const again = JSON.parse((await box.run(['analyze', 'npz', '--null-splits', '0', '--beta', '4', '--json'])).stdout);
    expect(again.stealth.beta).toBe(4);
    expect(again.stealth.parts).toEqual(before.stealth.parts);
    expect(readFileSync(at('npz', 'run.json'), 'utf8')).toBe(own);
    expect(existsSync(at('npz', 'report.html'))).toBe(true);
  }, 120_000);

  it('of a run of ibscope’s own agrees with the run within standard errors', async () => {
    expect((await box.run(['run', ...smallRun(2), '--out', 'own'])).code).toBe(0);
    const truth = rows('own');
    cpSync(at('own'), at('copy'), { recursive: true });
    for (const file of [
      'information.jsonl',
      'groups.json',
      'stealth.json',
      'representation.json',
      'result.json',
      'pointwise',
    ])
      rmSync(at('copy', file), { recursive: true, force: true });
    expect((await box.run(['analyze', 'copy'])).code).toBe(0);
    const found = rows('copy');
    // The groups are drawn anew from the samples that were kept, so that their values differ by chance only.
    const z = truth
      .filter((r) => r.group === 'all' || /^\d+$/.test(r.group))
      .flatMap((r) => {
        const twin = found.find((f) => f.epoch === r.epoch && f.group === r.group && f.quantity === r.quantity);
        return twin ? [(twin.nats - r.nats) / Math.hypot(twin.standardError, r.standardError)] : [];
      });
    expect(z.length).toBeGreaterThan(40);
    expect(z.filter((v) => Math.abs(v) < 3).length / z.length).toBeGreaterThan(0.9);
  }, 240_000);

  it('recorded by PyTorch is analyzed while it grows, and ends as one that is analyzed when it is whole', async ({
    skip,
  }) => {
    if (!hasTorch) skip('needs a Python with PyTorch');
    const python = process.env.PYTHON ?? 'python3';
    const script = new URL('../golden/trace.py', import.meta.url).pathname;
    const training = execFile(python, [script, at('grows'), '3']);
    while (!existsSync(at('grows', 'probes', 'epoch-0001.npz'))) await new Promise((r) => setTimeout(r, 50));
    // A probe that is being written by somebody who does not rename.
    const child = spawn(process.execPath, [MAIN, 'analyze', at('grows'), '--follow', '--json'], { cwd: box.folder });
    const code = await new Promise((resolve) => child.on('exit', resolve));
    training.kill();
    expect(code).toBe(0);
    execFileSync(python, [script, at('whole'), '3']);
    expect((await box.run(['analyze', 'whole'])).code).toBe(0);
    expect([...new Set(rows('grows').map((r) => r.epoch))]).toEqual([1, 2, 3]);
    expect(rows('grows')).toEqual(rows('whole'));
    expect((await box.run(['trace', '--python'])).stdout).toBe(
      readFileSync(new URL('../../python/ibscope_trace.py', import.meta.url), 'utf8'),
    );
  }, 240_000);

  it('that is half-written is waited for, not misread', async () => {
    writeTrace('torn', 'npz');
    const last = at('torn', 'probes', 'epoch-0002.npz');
    const bytes = readFileSync(last);
    writeFileSync(last, bytes.subarray(0, bytes.length / 2));
    const child = spawn(process.execPath, [MAIN, 'analyze', at('torn'), '--follow', '--null-splits', '0'], {
      cwd: box.folder,
    });
    const ended = new Promise((resolve) => child.on('exit', resolve));
    while (!existsSync(at('torn', 'information.jsonl'))) await new Promise((r) => setTimeout(r, 50));
    await new Promise((r) => setTimeout(r, 1500));
    expect(child.exitCode).toBeNull();
    writeFileSync(last, bytes);
    expect(await ended).toBe(0);
    expect([...new Set(rows('torn').map((r) => r.epoch))]).toEqual([1, 2]);
  }, 120_000);
});

describe('a hostile trace is refused in one line, and nothing is written into it:', () => {
  const npz = (arrays: Record<string, { data: Float32Array | Int32Array | Uint8Array; shape: number[] }>) =>
    encodeNpz(Object.fromEntries(Object.entries(arrays).map(([k, a]) => [k, ndarray(a.data, a.shape)])));
  const base = () => {
    const { t, logits, free } = probe(1);
    return {
      t: { data: t, shape: [2, N, 2] },
      logits: { data: logits, shape: [2, N, 4] },
      t_noise_free: { data: free, shape: [N, 2] },
    };
  };
  const samples = (more: object) => npz({ label: { data: label, shape: [N] }, ...more });
  const bad = (change: object) => npz({ ...base(), ...change });
  const header = (dims: string) => {
    const text = `{'descr': '<f4', 'fortran_order': False, 'shape': (${dims}), }`.padEnd(117, ' ');
    return Buffer.concat([
      Buffer.from('\x93NUMPY\x01\x00', 'latin1'),
      Buffer.from([118, 0]),
      Buffer.from(`${text}\n`),
      Buffer.alloc(16),
    ]);
  };
  const objects = Buffer.concat([
    Buffer.from('\x93NUMPY\x01\x00', 'latin1'),
    Buffer.from([118, 0]),
    Buffer.from("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }".padEnd(117, ' ')),
    Buffer.from("\ncposix\nsystem\n(S'touch pwned'\ntR."),
  ]);
  const huge = Buffer.alloc(64);
  huge.writeBigUInt64LE(2n ** 63n - 1n);

  it.each<[string, string, string | Uint8Array, RegExp]>([
    ['no run.json', 'run.json', '', /run\.json/],
    ['another format', 'run.json', JSON.stringify({ format: 9, classes: CLASSES, config: { target: 0 } }), /format/],
    ['no classes', 'run.json', JSON.stringify({ format: 1, config: { target: 0 } }), /classes is not a list/],
    ['a target that is no class', 'run.json', runJson({ target: 4 }), /config\.target is 4; there are 4 classes/],
    ['a target that is a word', 'run.json', runJson({ target: 'a' }), /config\.target is not a class number/],
    ['epochs in words', 'run.json', runJson({ epochs: 'ten' }), /config\.epochs is not a number of epochs/],
    [
      'no label',
      'samples.npz',
      npz({ x: { data: new Uint8Array(N), shape: [N, 1] } }),
      /no array "label"; there is "x"/,
    ],
    ['labels of floats', 'samples.npz', npz({ label: { data: new Float32Array(N), shape: [N] } }), /"label" is F32/],
    [
      'a label that is no class',
      'samples.npz',
      npz({ label: { data: label.map((y) => y + 2), shape: [N] } }),
      /holds 4; classes are 0 to 3/,
    ],
    [
      'flags that are none',
      'samples.npz',
      samples({ poisoned: { data: Int32Array.from(label), shape: [N] } }),
      /"poisoned" holds 2; 0 or 1/,
    ],
    [
      'flags of another number',
      'samples.npz',
      samples({ poisoned: { data: new Uint8Array(3), shape: [3] } }),
      /has 3 rows, "label" has 480/,
    ],
    ['no t', 'probes/epoch-0001.npz', npz({ logits: base().logits }), /no array "t"; there is "logits"/],
    [
      't of two axes',
      'probes/epoch-0001.npz',
      bad({ t: { data: new Float32Array(N * 2), shape: [N, 2] } }),
      /"t" is \[480, 2\]; 3 axes/,
    ],
    [
      't of other samples',
      'probes/epoch-0001.npz',
      bad({ t: { data: new Float32Array(40), shape: [2, 10, 2] } }),
      /"t" is \[2, 10, 2\]/,
    ],
    [
      'logits of other draws',
      'probes/epoch-0001.npz',
      bad({ logits: { data: new Float32Array(N * 4), shape: [1, N, 4] } }),
      /"logits" is \[1, 480, 4\]/,
    ],
    [
      'NaN',
      'probes/epoch-0001.npz',
      bad({ t: { data: probe(1).t.map((v, i) => (i === 7 ? Number.NaN : v)), shape: [2, N, 2] } }),
      /"t" holds NaN at position 7/,
    ],
    [
      'infinity',
      'probes/epoch-0001.npz',
      bad({ logits: { data: probe(1).logits.map((v, i) => (i === 9 ? Infinity : v)), shape: [2, N, 4] } }),
      /holds Infinity at position 9/,
    ],
    ['pickled objects', 'probes/epoch-0001/t.npy', objects, /objects|pickle|dtype/],
    ['2⁶³ rows', 'probes/epoch-0001/t.npy', header('9223372036854775808, 1, 1'), /epoch-0001/],
    ['negative rows', 'probes/epoch-0001/t.npy', header('-1, 2, 2'), /epoch-0001/],
    ['an absurd header length', 'probes/epoch-0001.safetensors', huge, /truncated or not a safetensors/],
    ['a file that is none', 'probes/epoch-0001.npz', 'hello', /not a whole NPZ/],
    [
      'a name that leads out',
      'probes/epoch-0001.npz',
      zipSync({ '../../evil.npy': encodeNpy(ndarray(new Float32Array(1), [1])) }),
      /unsafe|evil/,
    ],
  ])('%s', async (_, file, content, message) => {
    rmSync(at('hostile'), { recursive: true, force: true });
    writeTrace('hostile', 'npz');
    if (file.startsWith('probes/epoch-0001') && !file.endsWith('.npz'))
      rmSync(at('hostile', 'probes', 'epoch-0001.npz'));
    if (content === '') rmSync(at('hostile', file));
    else {
      mkdirSync(join(at('hostile', file), '..'), { recursive: true });
      writeFileSync(at('hostile', file), content);
    }
    const { code, stderr, stdout } = await box.run(['analyze', 'hostile', '--null-splits', '0']);
    expect(code, stderr).toBe(2);
    expect(stderr.trim()).toMatch(message);
    expect(stderr.trim().split('\n').length).toBe(1);
    expect(stdout).toBe('');
    for (const made of ['information.jsonl', 'stealth.json', 'report.html'])
      expect(existsSync(at('hostile', made)), made).toBe(false);
    expect(existsSync(at('pwned'))).toBe(false);
  });
});
