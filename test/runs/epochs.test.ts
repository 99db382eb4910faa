/** What other programs write into the log of a training. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseJsonLine } from '../../src/base/json-line.js';
import { RunDirectory } from '../../src/runs/directory.js';
import { epochRows } from '../../src/runs/epochs.js';

const line = (epoch: number, more: object) => ({ event: 'epoch', epoch, ...more });

describe('shares', () => {
  it('of a log in percent are divided by 100, column by column and for the whole log', () => {
    const rows = epochRows([
      line(1, { testAccuracy: 0.7, asr: 0.4, trainAccuracy: 0.5 }),
      line(2, { testAccuracy: 93.2, asr: 99, trainAccuracy: 1 }),
      { event: 'note' },
    ]);
    expect(rows.map((r) => [r.testAccuracy, r.asr, r.trainAccuracy])).toEqual([
      [0.006999999999999999, 0.004, 0.5],
      [0.932, 0.99, 1],
    ]);
  });

  it('that are no shares are refused by name', () => {
    expect(() => epochRows([line(3, { asr: 101 })])).toThrow(
      /^events\.jsonl: asr of epoch 3 is 101; 0 to 1, or percent/,
    );
    expect(() => epochRows([line(3, { testAccuracy: -0.1 })])).toThrow(/testAccuracy of epoch 3 is -0\.1/);
  });

  it('that are missing stay so', () => {
    const [row] = epochRows([line(1, {})]);
    expect([row.testAccuracy, row.asr]).toEqual([Number.NaN, null]);
  });
});

describe('numbers that JSON does not have', () => {
  it('are null where Python writes them, and stay where they are text', () => {
    expect(parseJsonLine('{"a": NaN, "b": [Infinity, -Infinity, 1], "c": 2}')).toEqual({
      a: null,
      b: [null, null, 1],
      c: 2,
    });
    expect(parseJsonLine('{"name": "NaN", "a":NaN}')).toEqual({ name: 'NaN', a: null });
    expect(() => parseJsonLine('{"a": nan}')).toThrow(SyntaxError);
  });

  it('do not end the reading of a log', async () => {
    const box = await mkdtemp(join(tmpdir(), 'ibscope-log-'));
    try {
      await writeFile(join(box, 'run.json'), '{"format": 1, "classes": ["a", "b"], "config": {"target": 0}}');
      const lines = [
        '{"event": "epoch", "epoch": 1, "trainLoss": NaN}',
        '{"event": "epoch", "epoch": 2, "trainLoss": 1.5}',
      ];
      await writeFile(join(box, 'events.jsonl'), `${lines.join('\n')}\n`);
      const rows = epochRows(await (await RunDirectory.read(box)).rows('events.jsonl'));
      expect(rows.map((r) => r.trainLoss)).toEqual([Number.NaN, 1.5]);
    } finally {
      await rm(box, { recursive: true });
    }
  });
});
