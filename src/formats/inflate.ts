/**
 * Unpacks zlib and gzip data that states its own size, so that a small file cannot fill the memory. It uses Node's zlib, which checks the
 * checksum at the end and is several times faster than fflate on the hundreds of megabytes of a data set.
 */
import { constants, unzipSync } from 'node:zlib';
import type { UserError } from '../base/errors.js';

/** Largest compression ratio of deflate (https://zlib.net/zlib_tech.html). */
export const DEFLATE_RATIO = 1032;
/** Most bytes of the unpacked data: 2 GiB − 1, which every supported version of Node can hold in one buffer. */
const MOST = 2 ** 31 - 1;

/**
 * Unpacks `packed`. First it unpacks the head alone, from which `sizeOf` reads the size of the whole. Throws the error of `fail` for data
 * that unpacks to another size, or that cannot unpack to so many bytes.
 */
export function inflateSized(
  packed: Uint8Array,
  sizeOf: (head: Uint8Array) => number,
  fail: (why: string) => UserError,
): Uint8Array {
  const unzip = (bytes: Uint8Array, options: object) => {
    try {
      return unzipSync(bytes, options);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') return null;
      throw fail(`is damaged or truncated (${(error as Error).message})`);
    }
  };
  const head = unzip(packed.subarray(0, 1024), { finishFlush: constants.Z_SYNC_FLUSH });
  const size = sizeOf(head!);
  if (!(size <= Math.min(MOST, DEFLATE_RATIO * packed.length))) {
    throw fail(`announces ${size} bytes, more than ${packed.length} packed bytes can hold`);
  }
  // With a chunk larger than the whole, zlib writes into one buffer instead of a list.
  const whole = unzip(packed, { maxOutputLength: Math.max(1, size), chunkSize: size + 64 });
  if (whole?.length !== size)
    throw fail(`unpacks to ${whole ? whole.length : 'more'} than the ${size} bytes it announces`);
  return whole;
}
