/** Errors of a download that are not the user's mistake. */

/** A failure of the network, the server, the archive or the disk. The message is one line; the exit code is 1. */
export class FetchError extends Error {
  override name = 'FetchError';
}

const WORDS: Record<string, string> = {
  ENOSPC: 'no space is left on the disk',
  EDQUOT: 'the disk quota is used up',
  EACCES: 'writing is not allowed there',
  EPERM: 'writing is not allowed there',
  EROFS: 'the disk is read-only',
};

/** `error` as a `FetchError` if it comes from a file operation, else `error` itself. */
export function inWords(error: unknown): unknown {
  const { code, syscall, path, message } = error as NodeJS.ErrnoException;
  if (!code || !syscall) return error;
  const words = WORDS[code];
  return new FetchError(words ? `${path ? `${path}: ` : ''}${words}` : message);
}
