/** The data folder a user names. */
import { stat } from 'node:fs/promises';
import { UserError } from '../base/errors.js';

/** `dataDir` if it is an existing folder; throws `UserError` otherwise. */
export async function requireDir(source: string, dataDir: string | undefined): Promise<string> {
  if (!dataDir) throw new UserError(`data set "${source}" needs --data-dir, the folder that holds it`);
  const found = await stat(dataDir).catch(() => undefined);
  if (!found) throw new UserError(`--data-dir ${dataDir}: no such folder`);
  if (!found.isDirectory()) throw new UserError(`--data-dir ${dataDir}: is a file, a folder is expected`);
  return dataDir;
}
