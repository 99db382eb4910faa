/** Files and folders that appear complete or not at all. */
import { randomBytes } from 'node:crypto';
import { closeSync, fstatSync, fsyncSync, ftruncateSync, openSync, writeFileSync } from 'node:fs';
import { lstat, mkdir, open, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { MachineError, systemWords, UserError } from '../base/errors.js';

/** A path as a user in the working folder would name it. */
const fromHere = (path: string) => {
  const short = relative('', path);
  return short.startsWith('..') ? path : short;
};

/** Folders that this thread holds, and what throws where it does not hold them any more. */
const guards = new Set<{ folder: string; check: () => void }>();

/** Calls `check` before a file in `folder` (resolved) appears or is replaced, until the function that it returns is called. */
export function guardWrites(folder: string, check: () => void): () => void {
  const guard = { folder, check };
  guards.add(guard);
  return () => guards.delete(guard);
}

function mayWrite(path: string) {
  const place = resolve(path);
  for (const { folder, check } of guards) if (place.startsWith(folder + sep)) check();
}

/** Appends text to a file and waits until it is on disk: all of it, or nothing where that fails, as on a full disk. */
export function appendWhole(path: string, text: string): void {
  const fd = openSync(path, 'a');
  const before = fstatSync(fd).size;
  try {
    writeFileSync(fd, text);
    fsyncSync(fd);
  } catch (error) {
    ftruncateSync(fd, before);
    throw error;
  } finally {
    closeSync(fd);
  }
}

/**
 * Writes `path` atomically: a temporary file beside it, fsync, rename, fsync of the folder. A reader of `path` sees the old content
 * or the new, also after a crash. Missing folders are created. Several chunks are written in order.
 */
export async function writeAtomic(path: string, content: Uint8Array | string | readonly Uint8Array[]): Promise<void> {
  const folder = dirname(path);
  await mkdir(folder, { recursive: true });
  const beside = `${path}.${process.pid}-${randomBytes(4).toString('hex')}.tmp`;
  const chunks =
    typeof content === 'string' ? [Buffer.from(content)] : content instanceof Uint8Array ? [content] : content;
  try {
    const file = await open(beside, 'wx');
    try {
      for (const chunk of chunks) await file.writeFile(chunk);
      await file.sync();
    } finally {
      await file.close();
    }
    mayWrite(path);
    await rename(beside, path);
  } catch (error) {
    await rm(beside, { force: true });
    throw error;
  }
  await syncFolder(folder);
}

/**
 * Creates the folder `path` with everything in it, or nothing: `fill` writes into a new folder beside it, which is then renamed.
 * Missing parents are created. Returns what `fill` returns. If `fill` fails, or `path` is a file or a folder with content, nothing
 * of it stays and the promise rejects with that error.
 */
export async function writeFolderAtomic<T>(path: string, fill: (folder: string) => Promise<T>): Promise<T> {
  // Resolved, because a slash at the end of `path` would put the temporary folder inside it.
  const place = resolve(path);
  const beside = `${place}.${process.pid}-${randomBytes(4).toString('hex')}.part`;
  await mkdir(beside, { recursive: true });
  try {
    const result = await fill(beside);
    mayWrite(place);
    await rename(beside, place);
    await syncFolder(dirname(place));
    return result;
  } catch (error) {
    await rm(beside, { recursive: true, force: true });
    throw error;
  }
}

/** Error codes of the system for a path at which no file can be created, whatever disk and permissions are. */
const NO_PLACE = ['ENOENT', 'EEXIST', 'ENOTDIR', 'EISDIR', 'ENAMETOOLONG'];

/** Characters that the name of a temporary file has more than the name of the file. */
const TEMPORARY = '.1234567-12345678.part';

/**
 * Tries whether a file or folder can be created at `path`, which a user gave with `flag`: a small file is written in the nearest folder that
 * exists, and removed. Throws `UserError` for a path that cannot be, `MachineError` where disk or permissions forbid it.
 */
export async function checkWritable(path: string, flag: string): Promise<void> {
  const place = resolve(path);
  const code = await lstat(place + TEMPORARY).then(
    () => '',
    (error: NodeJS.ErrnoException) => error.code ?? '',
  );
  if (code === 'ENAMETOOLONG') throw new UserError(`${flag} ${path}: the name is too long`);
  const there = await stat(place).catch(() => null);
  let folder = there?.isDirectory() ? place : dirname(place);
  for (;;) {
    const found = await stat(folder).catch(() => null);
    if (found?.isDirectory()) break;
    if (found)
      throw new UserError(`${flag} ${path}: no file can be written there (ENOTDIR): ${fromHere(folder)} is a file`);
    folder = dirname(folder);
  }
  const trial = join(folder, `.ibscope-${process.pid}-${randomBytes(4).toString('hex')}.tmp`);
  try {
    await writeFile(trial, new Uint8Array(4096), { flag: 'wx', flush: true });
  } catch (error) {
    throw new MachineError(`${flag} ${path}: nothing can be written there (${systemWords(error)})`);
  } finally {
    await rm(trial, { force: true }).catch(() => {});
  }
}

/** Calls `write`, which writes to the path `out` that a user gave with `flag`. Throws `UserError` if no file can be created there. */
export async function writingTo<T>(out: string, write: () => Promise<T>, flag = '--out'): Promise<T> {
  return write().catch((error: NodeJS.ErrnoException) => {
    if (!NO_PLACE.includes(error.code ?? '')) throw error;
    throw new UserError(`${flag} ${out}: no file can be written there (${error.code})`);
  });
}

/** Makes a rename durable. Windows and some network file systems cannot open a folder; there the rename alone must suffice. */
async function syncFolder(folder: string): Promise<void> {
  try {
    const handle = await open(folder, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch {
    // The content is already complete and in place.
  }
}
