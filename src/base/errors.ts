/** Errors that a user can correct, and the help in their messages: the allowed words, and the nearest of them. */
import leven from 'leven';

/**
 * A mistake of the user or caller: an option, a file, a shape. The message is one line; the command line prints it without a stack
 * trace and exits with 2. Every other error is a defect of ibscope, unless its class says otherwise.
 */
export class UserError extends Error {
  override name = 'UserError';
}

/** A failure of the machine: its disk, its permissions, another process. The message is one line; the command line exits with 1. */
export class MachineError extends Error {
  override name = 'MachineError';
}

/** Error codes of the system in words. */
const WORDS: Record<string, string> = {
  ENOSPC: 'no space is left on the disk',
  EDQUOT: 'the disk quota is used up',
  EFBIG: 'the file is larger than the disk or a limit allows',
  EACCES: 'permission denied',
  EPERM: 'not permitted',
  EROFS: 'the disk is read-only',
  ENOTDIR: 'a part of the path is a file, not a folder',
  EISDIR: 'it is a folder, not a file',
  EEXIST: 'there is a file of that name',
  ENOTEMPTY: 'the folder holds something',
  ENAMETOOLONG: 'the name is too long',
  ELOOP: 'its symbolic links form a circle',
  ENOENT: 'no such file or folder',
  EMFILE: 'too many files are open; raise the limit (`ulimit -n`)',
  ENFILE: 'too many files are open on this machine',
  EIO: 'the disk cannot be read or written',
  ESTALE: 'the network folder has changed or is gone',
  EBUSY: 'it is in use',
  EADDRINUSE: 'the port is in use',
  ENOMEM: 'the machine is out of memory',
};

/** What is said in the place of a failed file operation: path and cause in one line. Null for every other error. */
export function systemWords(error: unknown): string | null {
  const { code, syscall, path } = error as NodeJS.ErrnoException;
  if (!code || !syscall) return null;
  const words = WORDS[code];
  if (!words) return null;
  return path === undefined ? words : `${path === '' ? "''" : path}: ${words}`;
}

/** Whether what failed is that the disk is full, which can be remedied and resumed. */
export const isDiskFull = (error: unknown) =>
  ['ENOSPC', 'EDQUOT'].includes((error as NodeJS.ErrnoException).code ?? '');

/** A name from an untrusted file as an error message may show it: quoted, escaped, at most 80 characters. */
export const shown = (name: string) => JSON.stringify(name.length > 80 ? `${name.slice(0, 80)}…` : name);

/**
 * The candidate nearest to `word`: one that contains it (`gpu` → `webgpu`), else the nearest by edit distance. Undefined if more than
 * a third of its letters (and more than two) would have to change: then it is hardly a typing error.
 */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  const said = word.toLowerCase();
  const ranked = candidates
    .map((c) => ({ c, d: leven(said, c.toLowerCase()), holds: said.length > 2 && c.toLowerCase().includes(said) }))
    .sort((a, b) => Number(b.holds) - Number(a.holds) || a.d - b.d || a.c.localeCompare(b.c));
  const best = ranked[0];
  return best && (best.holds || best.d <= Math.max(2, Math.floor(best.c.length / 3))) ? best.c : undefined;
}

/** `unknown attack "badnet": one of none, badnets, blend. Did you mean badnets?` */
export function unknownWord(what: string, got: string, allowed: readonly string[]): UserError {
  const near = nearest(got, allowed);
  return new UserError(
    `unknown ${what} "${got}": one of ${allowed.join(', ')}.${near ? ` Did you mean "${near}"?` : ''}`,
  );
}

/** The item of that name. Throws `UserError` that names the allowed items if there is none. */
export function findNamed<T extends { name: string }>(what: string, name: string, items: readonly T[]): T {
  const found = items.find((item) => item.name === name);
  if (found) return found;
  throw unknownWord(
    what,
    name,
    items.map((item) => item.name),
  );
}
