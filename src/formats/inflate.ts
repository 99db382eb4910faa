/**
 * Unpacking zlib and gzip data that says its own size, so that a few bytes cannot fill the memory. Node's zlib rather than
 * fflate: it checks the checksum at the end, and is several times faster on the hundreds of megabytes of a data set.
 */
import { constants, unzipSync } from 'node:zlib';
import type { UserError } from '../base/errors.js';

/** Bytes one packed byte can become at most (https://zlib.net/zlib_tech.html). */
export const DEFLATE_RATIO = 1032;
const MOST = 2 ** 31 - 1;

/**
 * Unpacks `packed`. Its first bytes are unpacked alone, and `sizeOf` reads from them what the whole will be; data that
 * unpacks to more or less than that, or could not unpack to so much, is refused with `fail`.
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
    throw fail(`announces ${size} bytes, which ${packed.length} packed ones are not unpacked to`);
  }
  // A chunk larger than the whole makes it one buffer, not a list that is joined.
  const whole = unzip(packed, { maxOutputLength: Math.max(1, size), chunkSize: size + 64 });
  if (whole?.length !== size)
    throw fail(`unpacks to ${whole ? whole.length : 'more'} than the ${size} bytes it announces`);
  return whole;
}
