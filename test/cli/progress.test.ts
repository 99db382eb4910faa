/** The progress line: rate and time left, against work whose speed is known. */
import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { ProgressLine } from '../../src/cli/progress.js';

/** The lines that are written for work reported at some times: `[seconds, done]`. */
function written(total: number, unit: string, reports: readonly (readonly [at: number, done: number])[]) {
  let now = 0;
  const lines: string[] = [];
  const stream = new PassThrough();
  stream.on('data', (d) => lines.push(String(d).trim()));
  const line = new ProgressLine(stream as unknown as NodeJS.WriteStream, () => now);
  for (const [at, done] of reports) {
    now = at;
    line.update({ phase: 'runs', stage: 'run 1 of 4', done, total, unit });
  }
  return lines;
}

/** `1 h 02 min left` in minutes. */
function minutesLeft(line: string) {
  const [, text] = /work {2}(.*) left$/.exec(line)!;
  const parts = [...text.matchAll(/(\d+) (h|min|s)/g)].map(
    ([, n, unit]) => Number(n) * { h: 60, min: 1, s: 1 / 60 }[unit]!,
  );
  return parts.reduce((a, b) => a + b, 0);
}

describe('the progress line', () => {
  it('has rate and time left of steps', () => {
    const lines = written(1000, 'steps', [
      [0, 0],
      [10, 50],
      [20, 100],
    ]);
    expect(lines).toEqual(['run 1 of 4  100/1\u202f000 steps  5.0 steps/s  3 min 00 s left']);
  });

  it('of items that take half a minute has the rate of ten of them, a minute', () => {
    // Two at a time, so that one ends right after another: the last two alone would say 2 s each.
    const reports = Array.from({ length: 21 }, (_, i) => [30 * Math.ceil(i / 2) + (i % 2), i] as const);
    const last = written(100, 'sets', reports).at(-1)!;
    const [, rate, left] = /19\/100 sets {2}([\d.]+) sets\/min {2}(\d+) min/.exec(last)!;
    expect(Math.abs(Number(rate) / 4 - 1)).toBeLessThan(0.2);
    expect(Math.abs(Number(left) / (81 / 4) - 1)).toBeLessThan(0.2);
  });

  it('of planned work has the time that is planned before the speed is known', () => {
    const [first] = written(3600, 'seconds of work', [[15.1, 0]]);
    expect(minutesLeft(first)).toBeCloseTo(60, 5);
  });

  it('of planned work comes within a third of the truth in ten minutes and stays there, whatever jumps the work makes', () => {
    // Twice as slow as planned. The work moves once every four minutes, so that most windows of 20 s hold none or all of it.
    const reports = Array.from({ length: 7200 / 5 }, (_, i) => [5 * i, 120 * Math.floor((5 * i) / 240)] as const);
    const lines = written(3600, 'seconds of work', reports);
    const late = lines
      .map((line, i) => ({ left: minutesLeft(line), at: (15 * (i + 1)) / 60 }))
      .filter((l) => l.at > 10 && l.at < 60);
    expect(late.length).toBeGreaterThan(100);
    for (const { left, at } of late) expect(Math.abs(left / (120 - at) - 1)).toBeLessThan(1 / 3);
  });
});
