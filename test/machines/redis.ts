/** A Redis of the test's own: Debian's server on a free port, with a password, in a temporary folder. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';

export const PASSWORD = 'open-sesame-7319';

/** Whether a program is on the path. */
export function has(program: string): boolean {
  try {
    execFileSync(program, ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as { port: number };
  await new Promise((done) => server.close(done));
  return port;
}

export class TestRedis {
  private readonly folder = mkdtempSync(join(tmpdir(), 'ibscope-redis-'));
  private process: ChildProcess | undefined;

  private constructor(
    readonly port: number,
    private readonly more: string[],
  ) {}

  /** Starts a server, with further options of `redis-server`. */
  static async start(...more: string[]): Promise<TestRedis> {
    const redis = new TestRedis(await freePort(), more);
    await redis.start();
    return redis;
  }

  get url() {
    return `redis://:${PASSWORD}@127.0.0.1:${this.port}`;
  }

  /** As messages name it. */
  get shown() {
    return `redis://127.0.0.1:${this.port}/0`;
  }

  client() {
    return new Redis({ port: this.port, password: PASSWORD, maxRetriesPerRequest: null });
  }

  async start() {
    // Nothing is kept on disk: a server that starts again knows no job.
    const options = [
      '--port',
      this.port,
      '--requirepass',
      PASSWORD,
      '--dir',
      this.folder,
      '--save',
      '',
      '--bind',
      '127.0.0.1',
    ];
    this.process = spawn('redis-server', [...options.map(String), ...this.more], { stdio: 'ignore' });
    const client = this.client();
    client.on('error', () => {});
    await client.ping();
    client.disconnect();
  }

  /** Ends the server at once; what it knew is lost. */
  async kill() {
    const ended = new Promise((done) => this.process!.once('exit', done));
    this.process!.kill('SIGKILL');
    await ended;
    await sleep(50);
  }

  async stop() {
    if (this.process!.exitCode === null && this.process!.signalCode === null) await this.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
