/** Runs of a study that ended without a result by a fault of their own configuration: a file each in `failed/` of the study's folder. */
import { readdirSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writeAtomic } from '../formats/files.js';

/** Why a run has no result. */
export interface Failure {
  /** Name of the run's folder. */
  name: string;
  /** Name of the error: `UserError` or `DivergedError`. */
  kind: string;
  why: string;
}

/** Errors by which a configuration fails wherever it is carried out. */
export const isOwnFault = (error: unknown): boolean =>
  ['UserError', 'DivergedError'].includes((error as Error).name) && !isHeldError(error);

/** Whether an error says that another process works on the folder (`takeLease`): nothing is wrong with the job. */
export const isHeldError = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'HELD';

const folderOf = (out: string) => join(out, 'failed');

/** Writes why a run failed. */
export const writeFailure = (out: string, failure: Failure): Promise<void> =>
  writeAtomic(join(folderOf(out), `${failure.name}.json`), `${JSON.stringify(failure)}\n`);

/** Removes what was written of a run that failed; nothing where it did not. */
export const forgetFailure = (out: string, name: string): Promise<void> =>
  rm(join(folderOf(out), `${name}.json`), { force: true });

/** The failure of a run, or null. */
export const readFailure = (out: string, name: string): Promise<Failure | null> =>
  readFile(join(folderOf(out), `${name}.json`), 'utf8')
    .then(JSON.parse)
    .catch(() => null);

/** Names of the runs of a study that failed. */
export function failedNames(out: string): Set<string> {
  try {
    return new Set(readdirSync(folderOf(out)).map((file) => file.replace(/\.json$/, '')));
  } catch {
    return new Set();
  }
}
