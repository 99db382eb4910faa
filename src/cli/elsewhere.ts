/** Options of a study that name who makes its runs: this machine, workers of a queue, or Slurm. */
import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { UserError, unknownWord } from '../base/errors.js';
import { checkedOptions } from '../execution/slurm.js';
import type { Elsewhere } from '../studies/executors.js';
import { MAIN_SCRIPT } from './main-script.js';
import { addQueueOptions, queueOf } from './queue-options.js';

const EXECUTORS = ['local', 'queue', 'slurm'];

/** Options that belong to one executor. */
const OWN: Record<string, readonly [key: string, flag: string][]> = {
  queue: [
    ['queue', '--queue'],
    ['queueFile', '--queue-file'],
    ['root', '--root'],
  ],
  slurm: [
    ['slurmOption', '--slurm-option'],
    ['detach', '--detach'],
  ],
};

export function addElsewhereOptions(command: Command): Command {
  command.option(
    '--executor <name>',
    'who makes the runs: local (this machine), queue (workers on any machine) or slurm (default local)',
  );
  addQueueOptions(command);
  return command
    .addOption(
      new Option(
        '--slurm-option <option>',
        'option of sbatch, such as partition=long; may be repeated (default none)',
      ).argParser((text: string, all: string[] | undefined) => [...(all ?? []), text]),
    )
    .option('--detach', 'end once the jobs are submitted to Slurm (default: wait for them, and write the report)');
}

/** Where the runs of a study are made; undefined: here. Throws `UserError`. */
export async function elsewhereOf(values: Record<string, unknown>): Promise<Elsewhere | undefined> {
  const kind = (values.executor as string | undefined) ?? 'local';
  if (!EXECUTORS.includes(kind)) throw unknownWord('executor', kind, EXECUTORS);
  for (const [executor, options] of Object.entries(OWN))
    for (const [key, flag] of options)
      if (executor !== kind && values[key] !== undefined)
        throw new UserError(`${flag}: it needs --executor ${executor}`);
  if (kind === 'local') return undefined;
  if (kind === 'slurm') {
    const options = checkedOptions((values.slurmOption as string[] | undefined) ?? []);
    return { kind, options, detach: values.detach === true, main: MAIN_SCRIPT };
  }
  const root = resolve((values.root as string | undefined) ?? '.');
  return { kind: 'queue', address: await queueOf(values), root };
}
