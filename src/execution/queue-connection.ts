/** The connection to Redis that a queue needs. */
import { Redis } from 'ioredis';
import { MachineError } from '../base/errors.js';
import type { QueueAddress } from './queue-address.js';

/** Name of the queue, which all studies and workers of one Redis share. */
export const QUEUE = 'ibscope';

/** Seconds after which a lost connection counts as lost for good. */
export const PATIENCE = 60;

/** What the system or Redis said of a connection, in words. */
function reason(error: Error & { code?: string }): string {
  if (/WRONGPASS|NOAUTH/.test(error.message)) return 'the password is refused';
  return error.code ?? error.message;
}

export interface Connection {
  client: Redis;
  /** Ends the connection and those that BullMQ has made after it, which would else try to connect again for ever. */
  end(): void;
}

/**
 * Connects. Throws `MachineError` where that fails. A connection that is lost later is made again; after `PATIENCE` seconds without one `onGone`
 * is called, once.
 */
export async function connect(
  { shown, options }: QueueAddress,
  onGone: (error: MachineError) => void,
): Promise<Connection> {
  const client = new Redis({
    ...options,
    lazyConnect: true,
    // As BullMQ asks for: a command waits for the next connection.
    maxRetriesPerRequest: null,
    retryStrategy: (times) => Math.min(200 * times, 2000),
  });
  let last = 'it was closed';
  let lost: NodeJS.Timeout | undefined;
  client.on('error', (error) => {
    last = reason(error);
  });
  // The first connection: an error of it is final.
  try {
    await new Promise<void>((resolve, reject) => {
      client.once('error', reject);
      client.connect().then(resolve, reject);
    });
  } catch (error) {
    client.disconnect();
    throw new MachineError(`${shown}: no connection (${reason(error as Error)})`);
  }
  client.on('close', () => {
    lost ??= setTimeout(
      () => onGone(new MachineError(`${shown}: no connection for ${PATIENCE} s (${last})`)),
      1000 * PATIENCE,
    );
  });
  client.on('ready', () => {
    clearTimeout(lost);
    lost = undefined;
  });
  client.on('end', () => clearTimeout(lost));
  const copies = [client];
  const duplicate = client.duplicate.bind(client);
  client.duplicate = (override) => {
    const copy = duplicate(override);
    copies.push(copy);
    return copy;
  };
  return {
    client,
    end() {
      for (const copy of copies) copy.disconnect();
    },
  };
}
