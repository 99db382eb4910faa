/** The address of the queue on the command line. It may hold a password, so it is also read from a file or the environment. */
import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { UserError } from '../base/errors.js';
import { parseQueue, type QueueAddress } from '../execution/queue-address.js';

/** Variable of the environment. */
const VARIABLE = 'IBSCOPE_QUEUE';

/** Adds `--queue`, `--queue-file` and `--root`. */
export function addQueueOptions(command: Command): Command {
  return command
    .option(
      '--queue <url>',
      `address of the queue, redis://[:password@]host[:port][/number] or rediss:// for TLS (default: that of ${VARIABLE})`,
    )
    .option('--queue-file <file>', 'file that holds the address of the queue (default none)')
    .option('--root <dir>', 'folder that all machines see; studies and data are in it (default: the current folder)');
}

/** The address that was given. Throws `UserError`; no message holds the address. */
export async function queueOf({ queue, queueFile }: { queue?: string; queueFile?: string }): Promise<QueueAddress> {
  if (queue !== undefined && queueFile !== undefined)
    throw new UserError('--queue-file: the address of the queue is given by --queue too; give one of them');
  if (queue !== undefined) {
    const address = parseQueue(queue, '--queue');
    if (address.hasPassword)
      process.stderr.write(
        `warning: the list of processes shows the password in --queue; give the address in ${VARIABLE} or with --queue-file\n`,
      );
    return address;
  }
  if (queueFile !== undefined) {
    const text = await readFile(queueFile, 'utf8').catch((error: NodeJS.ErrnoException) => {
      throw new UserError(`--queue-file ${queueFile}: ${error.code === 'ENOENT' ? 'no such file' : error.message}`);
    });
    return parseQueue(text.trim(), `--queue-file ${queueFile}`);
  }
  const text = process.env[VARIABLE];
  if (!text) throw new UserError(`--queue: name the queue, such as redis://host:6379, or set ${VARIABLE}`);
  return parseQueue(text, VARIABLE);
}
