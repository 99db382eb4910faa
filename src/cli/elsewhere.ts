/** Options of a study that name who makes its runs: this machine, or workers of a queue. */
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { UserError, unknownWord } from '../base/errors.js';
import type { Elsewhere } from '../studies/executors.js';
import { addQueueOptions, queueOf } from './queue-options.js';

const EXECUTORS = ['local', 'queue'];

/** Options that belong to one executor. */
const OWN: Record<string, readonly [key: string, flag: string][]> = {
  queue: [
    ['queue', '--queue'],
    ['queueFile', '--queue-file'],
    ['root', '--root'],
  ],
};

export function addElsewhereOptions(command: Command): Command {
  command.option('--executor <name>', `who makes the runs: ${EXECUTORS.join(' or ')} (default local: this machine)`);
  return addQueueOptions(command);
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
  const root = resolve((values.root as string | undefined) ?? '.');
  return { kind: 'queue', address: await queueOf(values), root };
}
