/** The folder of a data set, and reading its files with errors that a user can act on. */
import type { Dirent } from 'node:fs';
import { access, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../base/errors.js';
import { decodeText } from '../formats/text.js';
import { refuseHdf5 } from './hdf5.js';

/** `dataDir` if it is an existing folder; throws `UserError` otherwise. */
export async function requireDir(source: string, dataDir: string | undefined): Promise<string> {
  if (!dataDir) throw new UserError(`data set "${source}" needs --data-dir, the folder that holds it`);
  const found = await stat(dataDir).catch(() => undefined);
  if (!found) throw new UserError(`--data-dir ${dataDir}: no such folder`);
  if (!found.isDirectory()) {
    await refuseHdf5(dataDir);
    throw new UserError(`--data-dir ${dataDir}: is a file, a folder is expected`);
  }
  return dataDir;
}

/** The first of `paths` that exists. */
export async function firstExisting(paths: readonly string[]): Promise<string | undefined> {
  for (const path of paths) {
    const found = await access(path).then(
      () => true,
      () => false,
    );
    if (found) return path;
  }
  return undefined;
}

/**
 * The folder that holds one of the files `markers`: `dataDir` or one of the folders `inside` it, to which archives unpack. Throws
 * `UserError` that names the files and folders.
 */
export async function locate(dataDir: string, inside: readonly string[], markers: readonly string[]): Promise<string> {
  for (const folder of [dataDir, ...inside.map((name) => join(dataDir, name))]) {
    if (await firstExisting(markers.map((marker) => join(folder, marker)))) return folder;
  }
  throw new UserError(`${dataDir}: holds no ${markers.join(' or ')}, nor does a folder ${inside.join(' or ')} in it`);
}

/**
 * The first form of a data set whose marker is a file in `dataDir`, or in the folder `inside` it, to which its archive unpacks. Throws
 * `UserError` that names the files and folders.
 */
export async function locateFirst(
  dataDir: string,
  forms: readonly { inside: string; file: string }[],
): Promise<{ folder: string; which: number }> {
  for (const [which, { inside, file }] of forms.entries())
    for (const folder of [dataDir, join(dataDir, inside)])
      if (
        await stat(join(folder, file)).then(
          (s) => s.isFile(),
          () => false,
        )
      )
        return { folder, which };
  const files = forms.map((f) => f.file).join(' or ');
  throw new UserError(
    `${dataDir}: holds no file ${files}, nor does a folder ${forms.map((f) => f.inside).join(' or ')} in it`,
  );
}

/** The bytes of a file. Throws `UserError` if it cannot be read. */
export async function readBytes(path: string): Promise<Uint8Array> {
  return readFile(path).catch((error: NodeJS.ErrnoException) => {
    throw new UserError(`${path}: ${error.code === 'ENOENT' ? 'no such file' : error.message}`);
  });
}

/** What operating systems, archives and NAS leave in folders. Names that begin with a dot are hidden too. */
const SYSTEM = new Set(['thumbs.db', 'ehthumbs.db', 'desktop.ini', '__macosx', '$recycle.bin', '@eadir', 'lost+found']);

/** Whether a name in a folder is the system's and not the user's. */
export const isSystemName = (name: string) => name.startsWith('.') || SYSTEM.has(name.toLowerCase());

/** The user's entries of a folder, sorted by code point. Throws `UserError` if it cannot be read. */
export async function readFolder(path: string): Promise<Dirent[]> {
  const entries = await readdir(path, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    throw new UserError(`${path}: ${error.code === 'ENOENT' ? 'no such folder' : error.message}`);
  });
  return entries.filter(({ name }) => !isSystemName(name)).sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** The lines of a text file that are not blank, without line ends. Throws `UserError` as `readBytes`. */
export async function readLines(path: string): Promise<string[]> {
  return decodeText(await readBytes(path))
    .split(/\r?\n/)
    .filter((line) => line.trim() !== '');
}
