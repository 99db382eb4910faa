/** The set that `ibscope audit` and `ibscope train` are given, before anything is loaded that reads it. */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../base/errors.js';

const isFolder = async (path: string) => (await stat(path).catch(() => null))?.isDirectory() ?? false;

/** Throws `UserError` for a set that is not there: what reads it would say so too, and takes long to load. */
export async function checkThere(path: string): Promise<void> {
  if (!(await stat(path).catch(() => null))) throw new UserError(`${path}: no such file or folder`);
}

/** The folder `name` beside `train/` in a set's folder; undefined without either. */
export async function besideTrain(path: string, name: string): Promise<string | undefined> {
  return (await isFolder(join(path, 'train'))) && (await isFolder(join(path, name))) ? join(path, name) : undefined;
}
