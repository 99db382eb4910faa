/** Files of finished rows, one line of JSON each, to which benches append. */
import { existsSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { eachAtOnce } from '../src/base/pool.js';
import { ProgressLine } from '../src/cli/progress.js';
import type { Job } from '../src/execution/job.js';
import { inWorker } from '../src/execution/worker.js';
import { appendWhole } from '../src/formats/files.js';

/** The rows of a file; none of a file that is not there. */
export const readRows = <Row>(file: string): Row[] =>
  existsSync(file)
    ? readFileSync(file, 'utf8')
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line))
    : [];

/** Makes a row of every item in a worker, as many at a time as there are cores, appends it to the file, and prints what `describe` says of it. */
export async function makeRows<Item, Row>(
  file: string,
  items: readonly Item[],
  make: Job<Item, Row>,
  unit: string,
  describe: (row: Row) => string,
): Promise<void> {
  const line = new ProgressLine();
  let done = 0;
  await eachAtOnce(items.length, availableParallelism(), async (i) => {
    const row = await inWorker(make, items[i], () => {}).result;
    appendWhole(file, `${JSON.stringify(row)}\n`);
    line.update({ phase: 'runs', stage: unit, done: ++done, total: items.length, unit });
    line.line(describe(row));
  });
  line.clear();
}
