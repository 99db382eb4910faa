/** Seconds of work of a run: sessions add up, pauses between them do not count. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { RunDirectory } from '../../src/runs/directory.js';
import { Session, workSeconds } from '../../src/runs/sessions.js';

let path: string;
beforeEach(async () => {
  path = await mkdtemp(join(tmpdir(), 'ibscope-sessions-'));
  await writeFile(join(path, 'run.json'), '{"format":1}');
});
afterEach(async () => {
  vi.useRealTimers();
  await rm(path, { recursive: true, force: true });
});

const events = (...rows: object[]) =>
  writeFile(join(path, 'events.jsonl'), rows.map((r) => `${JSON.stringify(r)}\n`).join(''));

it('of each session the last line counts, and the time between two sessions does not', async () => {
  vi.useFakeTimers({ toFake: ['performance', 'Date'] });
  const dir = await RunDirectory.read(path);
  const work = async (...steps: number[]) => {
    const session = new Session();
    // Loading the data counts, though the folder is not there yet.
    vi.advanceTimersByTime(2000);
    await session.keepIn(dir);
    for (const s of steps) {
      vi.advanceTimersByTime(1000 * s);
      session.keep();
    }
  };
  await work(10, 5);
  vi.advanceTimersByTime(3_600_000);
  await work(7);
  expect(await workSeconds(dir)).toBe(2 + 10 + 5 + 2 + 7);
});

it('a run that kept no sessions has the seconds of its events, also after it was resumed', async () => {
  vi.useFakeTimers({ toFake: ['performance', 'Date'] });
  const dir = await RunDirectory.read(path);
  // An epoch that was trained twice counts once; a trace may say nothing.
  await events(
    { event: 'epoch', epoch: 1, seconds: 3 },
    { event: 'epoch', epoch: 1, seconds: 4 },
    { event: 'estimates', epoch: 1, seconds: 20 },
    { event: 'epoch', epoch: 2, seconds: null },
  );
  expect(await workSeconds(dir)).toBe(24);
  const session = new Session();
  await session.keepIn(dir);
  vi.advanceTimersByTime(6000);
  session.keep();
  expect(await workSeconds(dir)).toBe(30);
});
