/** What a worker accepts, refuses and says, with a real Redis. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Queue } from 'bullmq';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Program, tinyStudy } from './programs.js';
import { freePort, has, PASSWORD, TestRedis } from './redis.js';

describe.skipIf(!has('redis-server'))(`a worker${has('redis-server') ? '' : ' (skipped, needs redis-server)'}`, () => {
  let box: string;
  let redis: TestRedis;
  const programs: Program[] = [];
  const start = (args: string[], env: NodeJS.ProcessEnv = { IBSCOPE_QUEUE: redis.url }) => {
    const program = new Program(args, box, env);
    programs.push(program);
    return program;
  };
  const worker = () => start(['worker', '--jobs', '1']);
  const at = (out: string) => join(box, out);

  beforeAll(async () => {
    box = await mkdtemp(join(tmpdir(), 'ibscope-worker-'));
    redis = await TestRedis.start();
  });
  afterEach(async () => {
    for (const { child } of programs) child.kill('SIGKILL');
    await Promise.all(programs.splice(0).map((p) => p.ended));
  });
  afterAll(async () => {
    await redis.stop();
    await rm(box, { recursive: true, force: true });
  });

  it('reaches Redis by TLS, and says of a refused password or certificate no more than that', async () => {
    const file = (name: string) => at(name);
    const subject = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1'];
    const keys = ['-keyout', file('key.pem'), '-out', file('cert.pem')];
    execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '1', ...keys, ...subject], {
      stdio: 'ignore',
    });
    const port = await freePort();
    const tls = ['--tls-port', port, '--tls-cert-file', file('cert.pem'), '--tls-key-file', file('key.pem')];
    const own = await TestRedis.start(...tls.map(String), '--tls-auth-clients', 'no');
    const url = `rediss://:${PASSWORD}@127.0.0.1:${port}`;
    const trusted = start(['worker'], { IBSCOPE_QUEUE: url, NODE_EXTRA_CA_CERTS: file('cert.pem') });
    await trusted.says(`from rediss://127.0.0.1:${port}/0`);
    const other = start(['worker'], { IBSCOPE_QUEUE: url });
    expect(await other.ended).toBe(1);
    expect(other.stderr).toMatch(/^ibscope: rediss:.*: no connection \(\w*SELF_SIGNED\w*\)\n$/);
    const wrong = start(['worker'], { IBSCOPE_QUEUE: own.url.replace(PASSWORD, `${PASSWORD}x`) });
    expect(await wrong.ended).toBe(1);
    expect(wrong.stderr).toBe(`ibscope: ${own.shown}: no connection (the password is refused)\n`);
    const warned = start(['worker', '--queue', own.url], {});
    await warned.says('jobs back');
    expect(warned.stderr).toMatch(/^warning: the list of processes shows the password/);
    for (const { stderr } of [trusted, other, wrong, warned]) expect(stderr).not.toContain(PASSWORD);
    await own.stop();
  });
  it('refuses a job of another version and a path outside of the root, and says both', async () => {
    const queue = new Queue('ibscope', { connection: redis.client() });
    await mkdir(at('other/runs'), { recursive: true });
    const data = { version: '0.0.1', out: 'other', name: 'x', config: {}, alternatives: false };
    const [old, outside] = await queue.addBulk([
      { name: 'run', data, opts: { attempts: 8 } },
      { name: 'run', data: { ...data, version: JSON.parse(readFileSync('package.json', 'utf8')).version }, opts: {} },
    ]);
    const one = worker();
    await one.says(/was planned by ibscope 0\.0\.1, and this is ibscope \d/);
    for (const job of [old, outside]) while (!(await job.isFailed())) await job.getState();
    expect((await queue.getJob(old.id!))!.attemptsMade).toBe(1);
    await queue.obliterate({ force: true });
    await queue.close();
  });

  it('tries a configuration once that fails by its own fault, and reports it', async () => {
    const one = worker();
    // So faint a pattern changes no byte of any image, which is seen when the run begins.
    const attacks = ['--attacks', 'none,blend:alpha=0.0001'];
    const study = start([...tinyStudy('0'), ...attacks, '--executor', 'queue', '--out', 'faint']);
    expect(await study.ended, study.stderr).toBe(0);
    expect(study.stdout).toMatch(/failed: .*-blend-.*: attack "blend": its trigger changes no pixel/);
    expect(one.stderr.match(/-blend-.*: begun/g)).toHaveLength(1);
    expect(one.stderr.match(/-none-.*: done in/g)).toHaveLength(1);
    const [failed] = readdirSync(join(at('faint'), 'failed'));
    expect(JSON.parse(readFileSync(join(at('faint'), 'failed', failed), 'utf8'))).toMatchObject({ kind: 'UserError' });
  });
});
