/** The address of a queue: what it may be, and that no message shows the password in it. */
import { describe, expect, it } from 'vitest';
import { parseQueue } from '../../src/execution/queue-address.js';
import { errorOf } from '../../src/execution/queue-executor.js';

describe('the address of a queue', () => {
  it('names host, port, database and TLS, and is shown without user and password', () => {
    const address = parseQueue('rediss://me:p%40ss@redis.example.org/3', '--queue');
    expect(address.shown).toBe('rediss://redis.example.org:6379/3');
    expect(address.hasPassword).toBe(true);
    expect(address.options).toMatchObject({
      host: 'redis.example.org',
      port: 6379,
      db: 3,
      username: 'me',
      password: 'p@ss',
    });
    expect(address.options.tls).toEqual({});
    const plain = parseQueue('redis://[::1]:7000', '--queue');
    expect(plain.options).toMatchObject({ host: '::1', port: 7000, db: 0, password: undefined });
    expect(plain.options.tls).toBeUndefined();
    expect(plain.hasPassword).toBe(false);
  });

  it.each([
    'http://me:secret@host',
    'redis://me:secret@host/x',
    'me:secret@host',
    'redis://me:secret%ff@host',
    'redis://',
  ])('is refused as %s in one line that does not show it', (text) => {
    let said = '';
    try {
      parseQueue(text, 'IBSCOPE_QUEUE');
    } catch (error) {
      said = `${(error as Error).name}: ${(error as Error).message}`;
    }
    expect(said).toMatch(/^UserError: IBSCOPE_QUEUE: redis:.* is expected/);
    expect(said).not.toContain('secret');
  });
});

it('what a worker says of a failed job becomes an error of that name', () => {
  expect(errorOf('UserError: --noise x: a number')).toMatchObject({
    name: 'UserError',
    message: '--noise x: a number',
  });
  expect(errorOf('job stalled too often')).toMatchObject({ name: 'RemoteError', message: 'job stalled too often' });
});
