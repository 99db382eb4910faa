/** What goes wrong while a data set is fetched and is nobody's slip of the keys. */

/** The network, the server, the archive or the disk failed: one line, exit code 1. */
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

/** `error` as a `FetchError` if a file operation caused it, else `error` itself. */
export function inWords(error: unknown): unknown {
  const { code, syscall, path, message } = error as NodeJS.ErrnoException;
  if (!code || !syscall) return error;
  const words = WORDS[code];
  return new FetchError(words ? `${path ? `${path}: ` : ''}${words}` : message);
}
