/** `ibscope report`: writes the page of a run, or of the runs in a folder, again. */
import type { Command } from 'commander';
import { UserError } from '../base/errors.js';
import { RunDirectory } from '../runs/directory.js';
import { isRun, runsIn } from '../runs/find.js';
import { examples, JSON_FLAG } from './options.js';

export function addReport(program: Command) {
  program
    .command('report')
    .description('write the HTML report of a run, or of the runs in a folder')
    .argument('<dir>', 'folder of a run, or of several')
    .option(...JSON_FLAG)
    .addHelpText('after', examples(['npx ibscope report runs/blend'], 'run'))
    .action(async (path: string, values) => {
      const report = await write(path);
      process.stdout.write(values.json ? `${JSON.stringify({ report })}\n` : `${report}\n`);
    });
}

async function write(path: string): Promise<string> {
  if (await isRun(path)) {
    const dir = await RunDirectory.read(path);
    if ((await dir.rows('events.jsonl')).length === 0)
      throw new UserError(`${path}: no epoch of this run is finished yet`);
    const { finish } = await import('../pipeline/result.js');
    return (await finish(dir)).report;
  }
  const names = await runsIn(path);
  if (names.length === 0) throw new UserError(`${path}: there is no run in it (a run has a run.json)`);
  const { writeComparison } = await import('../studies/compare.js');
  return (await writeComparison(path, names)).report;
}
