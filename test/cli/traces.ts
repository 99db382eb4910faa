/** Small traces with known information, in each of the formats. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Rng } from '../../src/base/random.js';
import { encodeNpy, ndarray } from '../../src/formats/npy.js';
import { encodeNpz } from '../../src/formats/npz.js';
import { encodeSafetensors, tensor } from '../../src/formats/safetensors.js';

export const N = 480;
export const CLASSES = ['a', 'b', 'c', 'd'];
export const label = Int32Array.from({ length: N }, (_, i) => i % 4);
// A third of class 0 is poisoned.
const poisoned = Uint8Array.from(label, (y, i) => Number(y === 0 && i % 12 === 0));

/** T = one column of X plus noise, Ŷ a function of T; poisoned samples have another column. */
export function probe(seed: number) {
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

export const runJson = (more: object = {}) =>
  JSON.stringify({ format: 1, classes: CLASSES, config: { target: 0, epochs: 2, ...more } });

/** A whole, small trace in the folder `path`; `form`: how its arrays are written. */
export function writeTrace(path: string, form: 'safetensors' | 'npz' | 'npy' = 'npz') {
  mkdirSync(join(path, 'probes'), { recursive: true });
  writeFileSync(join(path, 'run.json'), runJson());
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
  write(join(path, 'samples'), {
    label: { data: label, shape: [N] },
    poisoned: { data: poisoned, shape: [N], flags: true },
  });
  for (const epoch of [1, 2]) {
    const { free, mean, t, logits } = probe(epoch);
    write(join(path, 'probes', `epoch-000${epoch}`), {
      t: { data: t, shape: [2, N, 2] },
      t_mean: { data: mean, shape: [2, N, 2] },
      t_noise_free: { data: free, shape: [N, 2] },
      t_noise_std: { data: Float32Array.of(0.5), shape: [1] },
      logits: { data: logits, shape: [2, N, 4] },
    });
  }
}
