/** What can be known of a command's outputs before its work begins: no empty path, and places at which files can be written. */
import type { Command } from 'commander';
import { UserError } from '../base/errors.js';
import { checkWritable } from '../formats/files.js';

/** Options that name a file or folder to write, by their keys. */
const OUTPUTS: Record<string, string> = {
  out: '--out',
  preview: '--preview',
  writeClean: '--write-clean',
  saveConfig: '--save-config',
  markdown: '--markdown',
  rows: '--rows',
  plan: '--plan',
};

/** Commands that write into the folder of their first argument. */
const WRITE_INTO_ARGUMENT = ['analyze', 'trace', 'embed', 'report'];

/** Refuses, before any command acts, options without a value and outputs that cannot be written. */
export function addOutputChecks(program: Command): void {
  program.hook('preAction', async (_, command) => {
    const values = command.opts<Record<string, unknown>>();
    for (const { long } of command.options.filter((o) => values[o.attributeName()] === ''))
      throw new UserError(`${long} '': a value is expected`);
    if (command.args.includes(''))
      throw new UserError(`${command.name()} '': the name of a file or folder is expected`);
    if (values.dryRun) return;
    for (const [key, flag] of Object.entries(OUTPUTS))
      if (typeof values[key] === 'string') await checkWritable(values[key], flag);
    if (WRITE_INTO_ARGUMENT.includes(command.name()) && command.args.length > 0)
      await checkWritable(command.args[0], command.name());
  });
}
