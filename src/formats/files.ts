/** Files that appear whole or not at all. */
import { randomBytes } from 'node:crypto';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { UserError } from '../base/errors.js';

/**
 * Writes `path` atomically: beside it under a temporary name, fsync, rename, fsync of the folder. Whoever opens `path`
 * sees the old content or the new, also after a crash. Missing folders are made. Several chunks are written in order.
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
    await rename(beside, path);
  } catch (error) {
    await rm(beside, { force: true });
    throw error;
  }
  await syncFolder(folder);
}

/** What the system says of a path where no file can be. */
const NO_PLACE = ['ENOENT', 'EEXIST', 'ENOTDIR', 'EISDIR', 'EACCES', 'EPERM', 'EROFS', 'ENAMETOOLONG'];

/** Does `write`, whose place is what a user named by `flag`; throws `UserError` where no file can be there. */
export async function writingTo<T>(out: string, write: () => Promise<T>, flag = '--out'): Promise<T> {
  return write().catch((error: NodeJS.ErrnoException) => {
    if (!NO_PLACE.includes(error.code ?? '')) throw error;
    throw new UserError(`${flag} ${out}: no file can be written there (${error.code})`);
  });
}

/** Makes a rename durable. Windows and some network file systems cannot open a folder; there the rename has to do. */
async function syncFolder(folder: string): Promise<void> {
  try {
    const handle = await open(folder, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch {
    // The content is already whole and in place.
  }
}
