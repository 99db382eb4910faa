/** The address of a queue. It may hold a password, and no message shows it. */
import type { RedisOptions } from 'ioredis';
import { UserError } from '../base/errors.js';

export interface QueueAddress {
  /** Without user and password: for messages. */
  shown: string;
  options: RedisOptions;
  hasPassword: boolean;
}

/** `redis://[[user:]password@]host[:port][/number]`, or `rediss://` for TLS. `from`: where it was given. Throws `UserError` without the text. */
export function parseQueue(text: string, from: string): QueueAddress {
  const refuse = () =>
    new UserError(`${from}: redis://[:password@]host[:port][/number] is expected, or rediss:// for TLS`);
  if (!URL.canParse(text)) throw refuse();
  const { protocol, hostname, port, pathname, username, password } = new URL(text);
  const db = pathname.replace('/', '');
  if (!['redis:', 'rediss:'].includes(protocol) || hostname === '' || !/^\d*$/.test(db)) throw refuse();
  const plain = (part: string) => {
    try {
      return part === '' ? undefined : decodeURIComponent(part);
    } catch {
      throw refuse();
    }
  };
  // The brackets of an IPv6 address belong to the URL.
  const host = hostname.replace(/^\[|\]$/g, '');
  const options: RedisOptions = {
    host,
    port: port === '' ? 6379 : Number(port),
    db: Number(db),
    username: plain(username),
    password: plain(password),
    ...(protocol === 'rediss:' ? { tls: {} } : {}),
  };
  return { shown: `${protocol}//${hostname}:${options.port}/${options.db}`, options, hasPassword: password !== '' };
}
