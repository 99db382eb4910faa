/** Which runs a path stands for. */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../base/errors.js';

/** Whether a folder is a run: it holds a `run.json`. */
export const isRun = (path: string): Promise<boolean> =>
  stat(join(path, 'run.json')).then(
    () => true,
    () => false,
  );

/** Names of the runs directly in a folder, numbers in them in ascending order. Throws `UserError` where there is no such folder. */
export async function runsIn(path: string): Promise<string[]> {
  const entries = await readdir(path).catch(() => {
    throw new UserError(`${path}: no such folder`);
  });
  const runs: string[] = [];
  for (const name of entries) if (await isRun(join(path, name))) runs.push(name);
  return runs.sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
}

/**
 * The runs that a path stands for: the run itself, the runs in a folder, or those in its `runs/`, where studies and `run --seeds` keep
 * them. Throws `UserError` for a path without a run.
 */
export async function runsAt(path: string): Promise<string[]> {
  if (await isRun(path)) return [path];
  for (const folder of [path, join(path, 'runs')]) {
    const names = await runsIn(folder).catch(() => []);
    if (names.length > 0) return names.map((name) => join(folder, name));
  }
  throw new UserError(`${path}: no run there (it has no run.json, and neither has a folder in it)`);
}
