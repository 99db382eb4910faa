import { appendFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RunDirectory } from '../../src/runs/directory.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ibscope-runs-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('the run directory', () => {
  it('is refused where something is already, unless it is to be resumed', async () => {
    const path = join(folder, 'run');
    (await RunDirectory.open(path, false)).unlock();
    (await RunDirectory.open(path, false)).unlock();
    await writeFile(join(path, 'run.json'), '{}');
    await expect(RunDirectory.open(path, false)).rejects.toThrow('--resume');
    (await RunDirectory.open(path, true)).unlock();
  });

  it('is not taken for a run when it is none, and nothing in it is touched', async () => {
    await writeFile(join(folder, 'thesis.txt'), 'years of work');
    await expect(RunDirectory.open(folder, true)).rejects.toThrow('not a run');
    expect(await readdir(folder)).toEqual(['thesis.txt']);
    await expect(RunDirectory.open(join(folder, 'thesis.txt'), true)).rejects.toThrow('file');
  });

  it('is worked on by one process: a living holder keeps it, a dead one loses it', async () => {
    const path = join(folder, 'run');
    await mkdir(path);
    // Process 1 is always alive and never us; no process has the largest number.
    await writeFile(join(path, 'lock'), '1');
    await expect(RunDirectory.open(path, true)).rejects.toThrow('process 1');
    await writeFile(join(path, 'lock'), '2147483646');
    const dir = await RunDirectory.open(path, true);
    expect(JSON.parse(await readFile(join(path, 'lock'), 'utf8'))).toMatchObject({ pid: process.pid, fence: 1 });
    dir.unlock();
    expect(await readdir(path)).toEqual([]);
  });

  it('is waited for where somebody holds it for an instant, and no longer than asked', async () => {
    const path = join(folder, 'run');
    const holder = await RunDirectory.open(path, false);
    await expect(RunDirectory.openOnceFree(path, 0)).rejects.toThrow(`process ${process.pid} is working on it`);
    let taken = false;
    const waiting = RunDirectory.openOnceFree(path).then((dir) => {
      taken = true;
      return dir;
    });
    await new Promise((done) => setTimeout(done, 150));
    expect(taken).toBe(false);
    holder.unlock();
    (await waiting).unlock();
  });

  it('reads a log up to the line that a kill cut short, and cuts what is not wanted', async () => {
    const dir = await RunDirectory.open(join(folder, 'run'), false);
    dir.append('events.jsonl', [{ epoch: 1 }, { epoch: 2 }]);
    dir.append('events.jsonl', [{ epoch: 3 }]);
    await appendFile(join(dir.path, 'events.jsonl'), '{"epoch": 4, "lo');
    expect(await dir.rows('events.jsonl')).toEqual([{ epoch: 1 }, { epoch: 2 }, { epoch: 3 }]);
    await dir.cut<{ epoch: number }>('events.jsonl', (row) => row.epoch <= 2);
    dir.append('events.jsonl', [{ epoch: 3 }]);
    expect(await readFile(join(dir.path, 'events.jsonl'), 'utf8')).toBe('{"epoch":1}\n{"epoch":2}\n{"epoch":3}\n');
    dir.unlock();
  });

  it('says which line of a log, or which document, is damaged', async () => {
    const dir = await RunDirectory.open(join(folder, 'run'), false);
    await writeFile(join(dir.path, 'events.jsonl'), '{"epoch":1}\nnot json\n');
    await expect(dir.rows('events.jsonl')).rejects.toThrow('line 2');
    await writeFile(join(dir.path, 'groups.json'), '{"size"');
    await expect(dir.readDocument('groups.json')).rejects.toThrow('groups.json');
    expect(await dir.readDocument('run.json')).toBeNull();
    dir.unlock();
  });
});
