/**
 * Named arrays as others write them: a safetensors file, an npz, or a folder of npy files, whichever is there. Nothing that needs
 * unpickling is read. Whole tensors come back, with floats as float32, whole numbers as int32, and flags as bytes.
 */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../base/errors.js';
import { type NdArray, readNpy } from '../formats/npy.js';
import { readNpz } from '../formats/npz.js';
import { readSafetensors, type Tensor } from '../formats/safetensors.js';

export type Arrays = Record<string, Tensor>;

/** Where `base` lies, in the first form that is there; null where it is in none. */
export async function findArrays(base: string): Promise<string | null> {
  for (const path of [`${base}.safetensors`, `${base}.npz`, base])
    if (
      await stat(path).then(
        (s) => path !== base || s.isDirectory(),
        () => false,
      )
    )
      return path;
  return null;
}

/** The arrays at `base`. Throws `UserError` naming the file where one is missing, damaged, or holds what is no number. */
export async function readArrays(base: string): Promise<Arrays> {
  const path = await findArrays(base);
  if (path === null)
    throw new UserError(`${base}: there is no .safetensors, no .npz, and no folder of .npy files of that name`);
  if (path.endsWith('.safetensors')) {
    const { tensors } = await readSafetensors(path);
    return Object.fromEntries(
      Object.entries(tensors).map(([name, t]) => [
        name,
        plain(`${path}[${name}]`, t.data, t.shape, t.dtype === 'BOOL'),
      ]),
    );
  }
  const found = path.endsWith('.npz') ? await readNpz(path) : await readFolder(path);
  return Object.fromEntries(
    Object.entries(found).map(([name, a]) => [name, plain(`${path}[${name}]`, a.data, a.shape, a.dtype === 'b1')]),
  );
}

async function readFolder(path: string): Promise<Record<string, NdArray>> {
  const found: Record<string, NdArray> = {};
  for (const name of (await readdir(path)).sort())
    if (name.endsWith('.npy')) found[name.slice(0, -4)] = await readNpy(join(path, name));
  return found;
}

function plain(name: string, data: NdArray['data'] | Tensor['data'], shape: readonly number[], flags: boolean): Tensor {
  const of = (dtype: Tensor['dtype'], values: Tensor['data']): Tensor => ({ dtype, shape: [...shape], data: values });
  if (flags) return of('BOOL', data as Uint8Array);
  if (data instanceof Uint8Array) return of('U8', data);
  if (data instanceof Float32Array) return of('F32', data);
  if (data instanceof Float64Array) return of('F32', Float32Array.from(data));
  const values = Int32Array.from(data as Int32Array, Number);
  // Labels and numbers of samples fit; what does not is no such thing.
  (data as Int32Array).forEach((v: number | bigint, i: number) => {
    if (BigInt(v) !== BigInt(values[i]))
      throw new UserError(`${name}: ${v} is too large for a label or a number of a sample`);
  });
  return of('I32', values);
}
