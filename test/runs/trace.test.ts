/** Traces that were damaged, and the schema that is handed out. */

import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { UserError } from '../../src/base/errors.js';
import { Rng } from '../../src/base/random.js';
import { encodeNpy, type NdArray, ndarray } from '../../src/formats/npy.js';
import { encodeNpz } from '../../src/formats/npz.js';
import { encodeSafetensors, tensor } from '../../src/formats/safetensors.js';
import { RunDirectory } from '../../src/runs/directory.js';
import { readProbeArrays, readSamples, readTrace, traceJsonSchema } from '../../src/runs/trace.js';

let box: string;
beforeAll(async () => {
  box = await mkdtemp(join(tmpdir(), 'ibscope-trace-'));
});
afterAll(() => rm(box, { recursive: true, force: true }));

const N = 12;
const labels = Int32Array.from({ length: N }, (_, i) => i % 3);
const flags = new Uint8Array(N).fill(1, 0, 4);
const t = new Float32Array(2 * N * 3).map((_, i) => i / 10);
const logits = new Float32Array(2 * N * 3).map((_, i) => -i / 10);
const RUN = JSON.stringify({ format: 1, classes: ['a', 'b', 'c'], config: { target: 0, epochs: 1, layer: ['x'] } });

type Files = Record<string, Uint8Array>;
const npy = (arrays: Record<string, NdArray>, folder: string): Files =>
  Object.fromEntries(Object.entries(arrays).map(([name, a]) => [`${folder}/${name}.npy`, encodeNpy(a)]));
const arrays = {
  samples: { label: ndarray(labels, [N]), poisoned: ndarray(flags, [N], 'b1') },
  probe: { t: ndarray(t, [2, N, 3]), logits: ndarray(logits, [2, N, 3]) },
};
const forms: Record<string, Files> = {
  safetensors: {
    'samples.safetensors': encodeSafetensors({ label: tensor(labels, [N]), poisoned: tensor(flags, [N], 'BOOL') }),
    'probes/epoch-0001.safetensors': encodeSafetensors({ t: tensor(t, [2, N, 3]), logits: tensor(logits, [2, N, 3]) }),
  },
  npz: { 'samples.npz': encodeNpz(arrays.samples), 'probes/epoch-0001.npz': encodeNpz(arrays.probe) },
  npy: { ...npy(arrays.samples, 'samples'), ...npy(arrays.probe, 'probes/epoch-0001') },
};

async function write(name: string, files: Files) {
  const path = join(box, name);
  await rm(path, { recursive: true, force: true });
  for (const [file, bytes] of Object.entries({ 'run.json': Buffer.from(RUN), ...files })) {
    await mkdir(join(path, file, '..'), { recursive: true });
    await writeFile(join(path, file), bytes);
  }
  return path;
}

/** Everything an analysis reads of a trace. */
async function readAll(path: string) {
  const dir = await RunDirectory.read(path);
  const { classes } = await readTrace(dir);
  const samples = await readSamples(dir, classes.length);
  for (const epoch of await dir.probes()) await readProbeArrays(dir, epoch, samples.n);
  return samples;
}

/** Bytes changed, cut, doubled, or overwritten by lengths that no file has. */
function damage(bytes: Uint8Array, rng: Rng): Uint8Array {
  const out = Uint8Array.from(bytes);
  const kind = rng.int(5);
  if (kind === 0) return out.subarray(0, rng.int(out.length));
  if (kind === 1) return Buffer.concat([out.subarray(0, rng.int(out.length)), out]);
  if (kind === 2) out.fill(255, rng.int(Math.min(out.length, 64)), rng.int(out.length));
  if (kind === 3) new DataView(out.buffer).setBigUint64(rng.int(out.length - 8), 1n << BigInt(rng.int(64)), true);
  for (let k = 0; k <= rng.int(6); k++) out[rng.int(Math.min(out.length, k % 2 ? out.length : 200))] = rng.int(256);
  return out;
}

describe('a trace', () => {
  it.each(Object.keys(forms))('as %s is read whole when it is whole', async (form) => {
    const samples = await readAll(await write('whole', forms[form]));
    expect([samples.label, samples.poisoned, samples.originalLabel]).toEqual([labels, flags, labels]);
  });

  it.each(Object.keys(forms))(
    'as %s is refused in one line or read, however it was damaged: 300 corruptions',
    async (form) => {
      const rng = new Rng(11, 'damage', form);
      const names = ['run.json', ...Object.keys(forms[form])];
      let refused = 0;
      for (let trial = 0; trial < 300; trial++) {
        const name = names[rng.int(names.length)];
        const files: Files = { 'run.json': Buffer.from(RUN), ...forms[form] };
        const path = await write('damaged', { ...files, [name]: damage(files[name], rng) });
        await readAll(path).catch((error) => {
          refused++;
          expect(error, `trial ${trial}, ${name}: ${error.stack}`).toBeInstanceOf(UserError);
          expect(error.message, `trial ${trial}`).not.toContain('\n');
          expect(error.message.length, error.message).toBeLessThan(500);
        });
      }
      expect(refused).toBeGreaterThan(100);
    },
  );

  it('has the schema in docs/ that this version prints, which holds its own example and refuses what the reader refuses', async () => {
    const written = JSON.parse(await readFile(new URL('../../docs/trace.schema.json', import.meta.url), 'utf8'));
    expect(written).toEqual(JSON.parse(JSON.stringify(traceJsonSchema())));
    expect(written.required).toEqual(expect.arrayContaining(['format', 'classes', 'config']));
    expect(written.properties.config.required).toEqual(['target']);
  });
});
