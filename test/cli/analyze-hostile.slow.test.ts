/** `ibscope analyze` on hostile traces. */

import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { encodeNpy, ndarray } from '../../src/formats/npy.js';
import { encodeNpz } from '../../src/formats/npz.js';
import { sandbox } from './helpers.js';
import { CLASSES, label, N, probe, runJson, writeTrace } from './traces.js';

const box = sandbox();
const at = (...parts: string[]) => join(box.folder, ...parts);

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
    writeTrace(at('hostile'), 'npz');
    if (file.startsWith('probes/epoch-0001') && !file.endsWith('.npz'))
      rmSync(at('hostile', 'probes', 'epoch-0001.npz'));
    if (content === '') rmSync(at('hostile', file));
    else {
      mkdirSync(join(at('hostile', file), '..'), { recursive: true });
      writeFileSync(at('hostile', file), content);
    }
    const { code, stderr, stdout } = await box.call(['analyze', 'hostile', '--null-splits', '0']);
    expect(code, stderr).toBe(2);
    expect(stderr.trim()).toMatch(message);
    expect(stderr.trim().split('\n').length).toBe(1);
    expect(stdout).toBe('');
    for (const made of ['information.jsonl', 'stealth.json', 'report.html'])
      expect(existsSync(at('hostile', made)), made).toBe(false);
    expect(existsSync(at('pwned'))).toBe(false);
  });
});
