/** Whether files have changed, by their times and sizes. */
import { type Stats, statSync } from 'node:fs';
import { join } from 'node:path';

/**
 * A text that changes whenever one of the files or folders does, appears or goes. It asks for one after another: 3 500 files that the
 * system has at hand take a tenth of the time that as many requests to the pool of threads take.
 */
export const stampOf = (folder: string, names: readonly string[]): string =>
  names
    .map((name) => statOf(join(folder, name)))
    .map((found) => (found ? `${found.mtimeMs} ${found.size}` : ''))
    .join();

function statOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    // What may not be looked at is as good as not there.
    return undefined;
  }
}
