/**
 * NumPy's NPZ format: a ZIP file with one member `name.npy` per array. `numpy.load` reads the files written here, and files of `numpy.savez`
 * and `numpy.savez_compressed` are read here.
 */
import { readFile } from 'node:fs/promises';
import { unzipSync, type Zippable, zipSync } from 'fflate';
import { shown, UserError } from '../base/errors.js';
import { writeAtomic } from './files.js';
import { DEFLATE_RATIO } from './inflate.js';
import { decodeNpy, encodeNpy, type NdArray } from './npy.js';

/** Limits of reading an `.npz` file. */
export interface NpzReadOptions {
  /** Most bytes of all members after unpacking. Default 4 GiB − 1, the largest size of a ZIP file without 64-bit sizes. */
  limit?: number;
  /** Names of the arrays to read; default all. */
  only?: readonly string[];
  /** Gets the name of every array, those that are not read included. */
  listed?: (name: string) => void;
}

/** Compression of an `.npz` file. */
export interface NpzWriteOptions {
  /** Deflate level: 0 stores, 9 is smallest. Default 0, because photographs shrink by a tenth only, at more than ten times the time. */
  level?: 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9;
}

/** Largest size of a ZIP file without 64-bit sizes. */
const MOST = 2 ** 32 - 1;

/** Whether a member's name is a relative path that stays inside the folder into which somebody unpacks it. */
function safe(name: string): boolean {
  return name !== '' && !/^[/\\]|^[a-z]:|\0/i.test(name) && !name.split(/[/\\]/).includes('..');
}

/**
 * Reads all arrays of an `.npz` file by name. Throws `UserError` for a file that is missing or damaged, exceeds the limit, or contains a
 * member that is not a plain array.
 */
export async function readNpz(path: string, options?: NpzReadOptions): Promise<Record<string, NdArray>> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (error) {
    throw new UserError(`${path}: ${(error as NodeJS.ErrnoException).code === 'ENOENT' ? 'no such file' : error}`);
  }
  return decodeNpz(bytes, path, options);
}

/** Decodes the bytes of an `.npz` file; `name` is its name in errors. Throws `UserError` as `readNpz`. */
export function decodeNpz(bytes: Uint8Array, name = 'archive', options: NpzReadOptions = {}): Record<string, NdArray> {
  const limit = options.limit ?? MOST;
  let total = 0;
  let members: Record<string, Uint8Array>;
  try {
    members = unzipSync(bytes, {
      // fflate calls this before it unpacks a member, and never unpacks more than the announced size.
      filter(member) {
        if (!safe(member.name)) throw new UserError(`${name}: unsafe member name ${shown(member.name)}`);
        options.listed?.(member.name.replace(/\.npy$/, ''));
        if (options.only && !options.only.some((wanted) => member.name === `${wanted}.npy`)) return false;
        const most = member.compression === 0 ? member.size : DEFLATE_RATIO * member.size;
        if (member.originalSize > most) {
          throw new UserError(
            `${name}: member ${shown(member.name)} announces ${member.originalSize} bytes, more than its ${member.size} packed ones hold`,
          );
        }
        total += member.originalSize;
        if (total > limit) throw new UserError(`${name}: unpacks to more than ${limit} bytes`);
        return true;
      },
    });
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(`${name}: is not a whole NPZ (ZIP) file: ${(error as Error).message}`);
  }
  const read = Object.entries(members).map(([member, content]): [string, NdArray] => {
    if (!member.endsWith('.npy')) throw new UserError(`${name}: member ${shown(member)} is not an .npy array`);
    return [member.slice(0, -4), decodeNpy(content, `${name}[${member}]`)];
  });
  // Unlike an assignment, this creates an entry for any name, including `__proto__`.
  return Object.fromEntries(read);
}

/** The bytes of an `.npz` file with `arrays`, by name. Throws `UserError` for more than 4 GiB. */
export function encodeNpz(arrays: Record<string, NdArray>, { level = 0 }: NpzWriteOptions = {}): Uint8Array {
  const members: Zippable = {};
  let total = 0;
  for (const [name, array] of Object.entries(arrays)) {
    if (!safe(name)) throw new Error(`unsafe member name "${name}"`);
    const content = encodeNpy(array);
    total += content.length;
    // With a fixed date the file depends on its arrays alone.
    members[`${name}.npy`] = [content, { level, mtime: new Date(1980, 0, 1) }];
  }
  if (total > MOST - 2 ** 20) throw new UserError(`arrays of ${total} bytes do not fit an NPZ file of 4 GiB`);
  return zipSync(members);
}

/** Writes `arrays` to `path`, completely or not at all. */
export async function writeNpz(
  path: string,
  arrays: Record<string, NdArray>,
  options?: NpzWriteOptions,
): Promise<void> {
  await writeAtomic(path, encodeNpz(arrays, options));
}
