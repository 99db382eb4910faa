/** What `/api/run` shows of a finished run is read, not computed again, and is read again when a file changes. */
import { readFile, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { reportAndDynamics } from '../../src/pipeline/report.js';
import { RunDirectory } from '../../src/runs/directory.js';
import { RunViews } from '../../src/server/run-views.js';
import { remove, scratch, writeRun } from './helpers.js';

describe('the view of a run', () => {
  let root: string;
  let path: string;
  const views = () => new RunViews(root);
  beforeAll(async () => {
    root = await scratch();
    path = join(root, 'run');
    await writeRun(path);
  });
  afterAll(() => remove(root));

  /** Sets the time of a file to some seconds after now. */
  const touch = (name: string, seconds: number) => {
    const time = Date.now() / 1000 + seconds;
    return utimes(join(path, name), time, time);
  };

  it('has the dynamics of stealth.json, and computes them where a file they follow from is newer', async () => {
    const computed = await views().read(path, 'run');
    const { dynamics } = await reportAndDynamics(await RunDirectory.read(path));
    expect(JSON.stringify(computed.phases)).toBe(JSON.stringify(dynamics.phases));
    const kept = { ...dynamics, stealth: { ...dynamics.stealth, score: 0.123 } };
    await writeFile(join(path, 'stealth.json'), JSON.stringify(kept));
    await touch('stealth.json', 10);
    const read = await views().read(path, 'run');
    expect(read.stealth!.score).toBe(0.123);
    expect(JSON.stringify(read.phases)).toBe(JSON.stringify(computed.phases));
    await touch('information.jsonl', 20);
    expect(await views().read(path, 'run')).toEqual(computed);
  });

  it('is kept until one of its files changes', async () => {
    const kept = views();
    const first = await kept.read(path, 'run');
    expect(await kept.read(path, 'run')).toBe(first);
    const log = join(path, 'events.jsonl');
    const lines = (await readFile(log, 'utf8')).trim().split('\n');
    await writeFile(log, `${lines.slice(0, 5).join('\n')}\n`);
    const second = await kept.read(path, 'run');
    expect(second.epochs).toHaveLength(5);
    expect(first.epochs).toHaveLength(12);
  });

  it('is not kept where the run cannot be read: a repaired run is shown', async () => {
    const kept = views();
    const text = await readFile(join(path, 'run.json'), 'utf8');
    await writeFile(join(path, 'run.json'), '{"format":');
    await expect(kept.read(path, 'run')).rejects.toThrow(/not JSON/);
    await writeFile(join(path, 'run.json'), text);
    expect((await kept.read(path, 'run')).attack).toBe('blend');
  });
});
