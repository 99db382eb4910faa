/** Errors of a download that are not the user's mistake. */
import { systemWords } from '../../base/errors.js';

/** A failure of the network, the server, the archive or the disk. The message is one line; the exit code is 1. */
export class FetchError extends Error {
  override name = 'FetchError';
}

/** `error` as a `FetchError` if it comes from a file operation, else `error` itself. */
export function inWords(error: unknown): unknown {
  const { code, syscall, message } = error as NodeJS.ErrnoException;
  return code && syscall ? new FetchError(systemWords(error) ?? message) : error;
}
