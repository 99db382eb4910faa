/**
 * NumPy's NPZ format: a ZIP file of NPY members, `name.npy` each. What is written here, `numpy.load` reads, and what
 * `numpy.savez` and `numpy.savez_compressed` write is read here.
 */
import { readFile } from 'node:fs/promises';
import { unzipSync, type Zippable, zipSync } from 'fflate';
import { shown, UserError } from '../base/errors.js';
import { writeAtomic } from './files.js';
import { DEFLATE_RATIO } from './inflate.js';
import { decodeNpy, encodeNpy, type NdArray } from './npy.js';

/** What of an `.npz` file is read. */
export interface NpzReadOptions {
  /** Bytes all members may unpack to together. Default 4 GiB − 1, the most a ZIP without 64-bit sizes can say. */
  limit?: number;
  /** Arrays to read, by name; the others are passed over unread. Left out: all. */
  only?: readonly string[];
}

/** How an `.npz` file is packed. */
export interface NpzWriteOptions {
  /** Deflate level: 0 stores, 9 is smallest. Default 0: photographs shrink by a tenth, at more than ten times the cost. */
  level?: 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9;
}

const MOST = 2 ** 32 - 1;

/** A member's name is a plain relative path: nothing that leaves the folder someone unpacks it in. */
function safe(name: string): boolean {
  return name !== '' && !/^[/\\]|^[a-z]:|\0/i.test(name) && !name.split(/[/\\]/).includes('..');
}

/**
 * Reads all arrays of an `.npz` file by name. Throws `UserError` for a file that is missing or damaged, unpacks to more
 * than the limit, or holds a member that is no plain array.
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

/** Decodes the bytes of an `.npz` file; `name` is what errors call it. */
export function decodeNpz(bytes: Uint8Array, name = 'archive', options: NpzReadOptions = {}): Record<string, NdArray> {
  const limit = options.limit ?? MOST;
  let total = 0;
  let members: Record<string, Uint8Array>;
  try {
    members = unzipSync(bytes, {
      // Asked before each member is unpacked, and a member never unpacks to more than it announces.
      filter(member) {
        if (!safe(member.name)) throw new UserError(`${name}: unsafe member name ${shown(member.name)}`);
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
  // Unlike an assignment, this makes an entry of any name, `__proto__` included.
  return Object.fromEntries(read);
}

/** The bytes of an `.npz` file that holds `arrays` under their names. */
export function encodeNpz(arrays: Record<string, NdArray>, { level = 0 }: NpzWriteOptions = {}): Uint8Array {
  const members: Zippable = {};
  let total = 0;
  for (const [name, array] of Object.entries(arrays)) {
    if (!safe(name)) throw new Error(`unsafe member name "${name}"`);
    const content = encodeNpy(array);
    total += content.length;
    // A fixed date makes the file a function of its arrays alone.
    members[`${name}.npy`] = [content, { level, mtime: new Date(1980, 0, 1) }];
  }
  if (total > MOST - 2 ** 20) throw new UserError(`arrays of ${total} bytes do not fit an NPZ file of 4 GiB`);
  return zipSync(members);
}

/** Writes `arrays` to `path`, whole or not at all. */
export async function writeNpz(
  path: string,
  arrays: Record<string, NdArray>,
  options?: NpzWriteOptions,
): Promise<void> {
  await writeAtomic(path, encodeNpz(arrays, options));
}
