/** What is expensive to make is made once, however many need it at the same time. */
import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { tensor } from '../../src/formats/safetensors.js';
import { cached } from '../../src/poisoning/cache.js';
import { takeLease } from '../../src/runs/lease.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ibscope-cache-'));
  vi.stubEnv('IBSCOPE_CACHE', folder);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true, force: true });
});

let made = 0;
const make = async () => {
  made++;
  await new Promise((done) => setTimeout(done, 30));
  return { weights: tensor(Float32Array.from([made]), [1]) };
};

it('is made by one of several that need it at the same time, and the others get the same', async () => {
  made = 0;
  const all = await Promise.all([1, 2, 3].map(() => cached('models', { seed: 1 }, make)));
  expect(made).toBe(1);
  for (const { weights } of all) expect([...(weights.data as Float32Array)]).toEqual([1]);
  await cached('models', { seed: 2 }, make);
  expect(made).toBe(2);
  expect(readdirSync(join(folder, 'models')).every((name) => name.endsWith('.safetensors'))).toBe(true);
});

it('is made anew where the process that was making it has died, and not while it lives', async () => {
  made = 0;
  // The lease of another process, under the name that this content has.
  await cached('models', { seed: 3 }, make);
  const [name] = readdirSync(join(folder, 'models'));
  await rm(join(folder, 'models', name));
  const making = join(folder, 'models', name.replace('.safetensors', '.making'));
  await mkdir(making);
  const lease = takeLease(making);
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
  await writeFile(
    join(making, 'lock'),
    JSON.stringify({ ...lease.holder, pid: child.pid, start: null, token: 'another' }),
  );
  let ended = false;
  const waiting = cached('models', { seed: 3 }, make).finally(() => {
    ended = true;
  });
  await new Promise((done) => setTimeout(done, 100));
  expect(ended).toBe(false);
  expect(made).toBe(1);
  child.kill('SIGKILL');
  await waiting;
  expect(made).toBe(2);
  expect(existsSync(making)).toBe(false);
  lease.release();
});
