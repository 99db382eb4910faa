import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writeAtomic } from '../../src/formats/files.js';
import { RunDirectory } from '../../src/runs/directory.js';
import { alive, type Holder, isHeld, SILENT, takeLease } from '../../src/runs/lease.js';

let folder: string;
let lock: string;
const children: ChildProcess[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ibscope-lease-'));
  lock = join(folder, 'lock');
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await rm(folder, { recursive: true, force: true });
});

/** Writes a lock like that of this process, other in some fields, last heard of `silent` milliseconds ago. */
async function held(other: Partial<Holder>, silent = 0) {
  await rm(lock, { force: true });
  const own = takeLease(folder);
  own.release();
  const holder = { ...own.holder, token: 'another', fence: 4, ...other };
  await writeFile(lock, `${JSON.stringify(holder)}\n`);
  const now = (await stat(lock)).mtimeMs;
  await utimes(lock, new Date(now), new Date(now - silent));
}

/** Replaces the lock by that of another machine, as a takeover does. */
async function takenOver() {
  const before = JSON.parse(await readFile(lock, 'utf8')) as Holder;
  await writeFile(
    `${lock}.a.tmp`,
    JSON.stringify({ ...before, host: 'node7', place: '', pid: 77, fence: 2, token: 'b' }),
  );
  await rename(`${lock}.a.tmp`, lock);
}

const linux = process.platform === 'linux';

describe('the lease of a folder', () => {
  it('names host, process and start, has a fencing number, and leaves nothing when it is given back', async () => {
    const lease = takeLease(folder);
    expect(JSON.parse(await readFile(lock, 'utf8'))).toEqual(lease.holder);
    expect(lease.holder).toMatchObject({ host: hostname(), pid: process.pid, fence: 1 });
    expect(await readdir(folder)).toEqual(['lock']);
    expect(isHeld(folder)).toBe(true);
    lease.release();
    expect(await readdir(folder)).toEqual([]);
    expect(isHeld(folder)).toBe(false);
  });

  it('is refused in one line to a second taker, of this process too', () => {
    const lease = takeLease(folder);
    expect(() => takeLease(folder)).toThrow(`${folder}: process ${process.pid} is working on it`);
    lease.check();
    lease.release();
    takeLease(folder).release();
  });

  it.runIf(linux)('is that of a dead process after a kill that no parent has asked about', async () => {
    // The shell becomes `sleep`, which never asks about the child that the shell started: it stays a zombie.
    const parent = spawn('sh', ['-c', 'sleep 60 & echo $!; exec sleep 60'], { stdio: ['ignore', 'pipe', 'ignore'] });
    children.push(parent);
    const pid = Number(await new Promise((said) => parent.stdout!.once('data', said)));
    expect(alive(pid)).toBe(true);
    await held({ pid, start: null });
    expect(() => takeLease(folder)).toThrow(`process ${pid}`);
    process.kill(pid, 'SIGKILL');
    while (!/\) Z /.test(await readFile(`/proc/${pid}/stat`, 'utf8'))) await sleep(5);
    expect(() => process.kill(pid, 0)).not.toThrow();
    expect(alive(pid)).toBe(false);
    const lease = takeLease(folder);
    expect(lease.holder.fence).toBe(5);
    lease.release();
  });

  it.runIf(linux)('is that of a dead process where its number was given to another program', async () => {
    const child = spawn('sleep', ['60']);
    children.push(child);
    await held({ pid: child.pid!, start: '1' });
    const lease = takeLease(folder);
    expect(lease.holder.fence).toBe(5);
    lease.release();
  });

  it('of version 0.1.0, a process number, is understood', async () => {
    await writeFile(lock, '1');
    expect(() => takeLease(folder)).toThrow('process 1 is working on it');
    for (const dead of ['2147483646', String(process.pid)]) {
      await writeFile(lock, dead);
      takeLease(folder).release();
    }
  });

  it.each(['', '{"host":"a","pi'])(
    'that names nobody (%j) is refused while it is new, and taken over later',
    async (text) => {
      await writeFile(lock, text);
      expect(() => takeLease(folder)).toThrow('another process is beginning to work on it');
      const { mtimeMs } = await stat(lock);
      await utimes(lock, new Date(mtimeMs), new Date(mtimeMs - 11_000));
      takeLease(folder).release();
    },
  );

  it('on another machine holds while its heartbeat is younger than the limit, and is taken over after it', async () => {
    const there = { host: 'node7', place: 'another boot', pid: 77 };
    await held(there, 90_000);
    expect(() => takeLease(folder)).toThrow(/process 77 on node7 is working on it, last heard of 9\d s ago/);
    await held(there, SILENT - 60_000);
    expect(() => takeLease(folder)).toThrow('node7');
    await held(there, SILENT + 1000);
    const lease = takeLease(folder);
    expect(lease.holder.fence).toBe(5);
    lease.release();
  });

  it('tells containers of one host name apart: process numbers of another mean nothing', async () => {
    await held({ place: 'another container', pid: 2147483646 });
    expect(() => takeLease(folder)).toThrow('last heard of');
  });

  it('is not fooled by a clock that differs from the file server’s', async () => {
    await held({ host: 'node7', place: '', pid: 77 }, SILENT + 1000);
    const real = Date.now;
    // The clock of this machine is an hour late: by it the heartbeat lies in the future.
    Date.now = () => real() - 3_600_000;
    try {
      takeLease(folder).release();
    } finally {
      Date.now = real;
    }
  });

  it('that was taken over stops its holder before the next row and the next file', async () => {
    const dir = await RunDirectory.open(folder, false);
    dir.append('events.jsonl', [{ epoch: 1 }]);
    await takenOver();
    expect(() => dir.append('events.jsonl', [{ epoch: 2 }])).toThrow(/process 77 on node7 works on it now/);
    await expect(dir.writeDocument('groups.json', {})).rejects.toThrow('node7');
    await expect(writeAtomic(join(folder, 'probes', 'a.bin'), 'x')).rejects.toMatchObject({ name: 'MachineError' });
    expect(await dir.rows('events.jsonl')).toEqual([{ epoch: 1 }]);
    expect((await readdir(folder, { recursive: true })).sort()).toEqual(['events.jsonl', 'lock', 'probes']);
    // Nor does it remove the other's lock.
    dir.unlock();
    expect(await readFile(lock, 'utf8')).toContain('node7');
    // What it does not hold is not guarded.
    await writeAtomic(join(folder, 'a.txt'), 'x');
  });

  it('beats: a check makes the file new again', async () => {
    const lease = takeLease(folder);
    await utimes(lock, new Date(0), new Date(0));
    lease.check();
    expect((await stat(lock)).mtimeMs).toBeGreaterThan(1e12);
    expect(JSON.parse(await readFile(lock, 'utf8'))).toEqual(lease.holder);
    lease.release();
  });

  it('goes on after a taker that died between its claim and the lock', async () => {
    await held({ host: 'node7', place: '', pid: 77 }, SILENT + 1000);
    await writeFile(join(folder, 'lock.5-claim.tmp'), '2147483646');
    takeLease(folder).release();
    expect(await readdir(folder)).toEqual([]);
  });
});
