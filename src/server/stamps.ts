/** Whether files have changed, by their times and sizes. */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';

/** A text that changes whenever one of the files or folders does, appears or goes. */
export async function stampOf(folder: string, names: readonly string[]): Promise<string> {
  const stamps = names.map((name) =>
    stat(join(folder, name)).then(
      (s) => `${s.mtimeMs} ${s.size}`,
      () => '',
    ),
  );
  return (await Promise.all(stamps)).join();
}
