/** The local executor, as it is built: worker threads load JavaScript. */
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { Progress } from '../../src/base/progress.js';
import type { Executor } from '../../src/execution/executor.js';
import { jobsOf } from '../../src/execution/job.js';
import { LIBRARY } from '../built.js';

const { LocalExecutor }: typeof import('../../src/execution/local.js') = await import(
  join(dirname(LIBRARY), 'execution', 'local.js')
);

interface Jobs {
  double(x: number): number;
  fail(error: { name: string; message: string }): never;
  throwText(): never;
  exit(): never;
  speak(total: number): Promise<string>;
  untilStopped(what: string): Promise<never>;
}
const jobs = jobsOf<Jobs>(new URL('./jobs.mjs', import.meta.url));

let stop = false;
let executor: Executor | undefined;
const started = (): Executor => {
  executor = new LocalExecutor(2, () => stop);
  return executor;
};
afterEach(() => {
  executor?.close();
  stop = false;
});
/** How a promise that has to reject does so. */
const failure = (p: Promise<unknown>) =>
  p.then(
    () => null,
    ({ name, message }: Error) => ({ name, message }),
  );

describe('the local executor', () => {
  it('returns the results of jobs, each of its own', async () => {
    const here = started();
    expect(here.atOnce).toBe(2);
    expect(await Promise.all([3, 4, 5].map((x) => here.run(jobs('double'), x)))).toEqual([6, 8, 10]);
  });

  it('rejects with the name and message of what a job threw', async () => {
    const here = started();
    const error = { name: 'DivergedError', message: 'the loss is not finite in epoch 3' };
    expect(await failure(here.run(jobs('fail'), error))).toEqual(error);
    expect(await failure(here.run(jobs('throwText'), undefined))).toEqual({ name: 'Error', message: 'a text' });
    expect(await here.run(jobs('double'), 1)).toBe(2);
  });

  it('rejects where the thread ends without a result, and where there is no such job', async () => {
    const here = started();
    expect((await failure(here.run(jobs('exit'), undefined)))!.message).toContain('ended early with code 7');
    const unknown = { ...jobs('double'), name: 'triple' };
    expect((await failure(here.run(unknown, 1)))!.name).toBe('TypeError');
    const nowhere = { ...jobs('double'), module: new URL('./nowhere.mjs', import.meta.url) };
    expect((await failure(here.run(nowhere, 1)))!.message).toContain('nowhere.mjs');
  });

  it('forwards progress as it is, and lines, in order and before the result', async () => {
    const seen: (Progress | string)[] = [];
    const hooks = { progress: (p: Progress) => seen.push(p), line: (text: string) => seen.push(text) };
    seen.push(await started().run(jobs('speak'), 40, hooks));
    expect(seen).toEqual([
      { phase: 'train', epoch: 1, stage: 'train, epoch 1/1', done: 1, total: 40, unit: 'images' },
      'epoch 1/1',
      'spoken',
    ]);
  });

  /** Two jobs under way, and what becomes of them. */
  async function underWay(here: Executor) {
    const ends = ['a', 'b'].map((what) => {
      let said = () => {};
      const begun = new Promise<void>((resolve) => {
        said = resolve;
      });
      return { begun, end: failure(here.run(jobs('untilStopped'), what, { line: said })) };
    });
    await Promise.all(ends.map((e) => e.begun));
    return Promise.all.bind(
      Promise,
      ends.map((e) => e.end),
    );
  }
  const saved = ['a', 'b'].map((what) => ({ name: 'Stopped', message: `${what} is saved` }));

  it('stops all jobs when it is asked to, and begins no other', async () => {
    const here = started();
    const ends = await underWay(here);
    stop = true;
    expect(await ends()).toEqual(saved);
    expect(await failure(here.run(jobs('double'), 1))).toEqual({
      name: 'Stopped',
      message: 'stopped before the next job began',
    });
  });

  it('stops the jobs under way when it is closed', async () => {
    const here = started();
    const ends = await underWay(here);
    here.close();
    expect(await ends()).toEqual(saved);
  });
});
