/** A training of PyTorch's, recorded at moments inside an epoch. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { hasTorch, pythonFile } from '../python.js';
import { sandbox } from './helpers.js';

if (!hasTorch) console.log('moments of PyTorch’s training: skipped, needs a Python with PyTorch');

describe.skipIf(!hasTorch)('record(step=…)', () => {
  const box = sandbox();
  const root = new URL('../..', import.meta.url).pathname;
  const lines = (name: string) =>
    readFileSync(join(box.folder, 'trace', name), 'utf8')
      .trim()
      .split('\n')
      .map((l) => JSON.parse(l));

  it('names the moment, says epoch and step, and is analyzed at its place in time', async () => {
    const said = pythonFile(
      join(root, 'test/golden/recorder_moments.py'),
      join(root, 'python'),
      join(box.folder, 'trace'),
    );
    expect(said).toEqual([
      'record takes an epoch or a step',
      'record takes an epoch or a step',
      'record(step=...) needs Recorder(..., steps_per_epoch=...)',
    ]);
    expect(readdirSync(join(box.folder, 'trace', 'probes')).sort()).toEqual([
      'epoch-0000.step-00000001.npz',
      'epoch-0000.step-00000003.npz',
      'epoch-0001.npz',
      'epoch-0001.step-00000015.npz',
      'epoch-0002.npz',
    ]);
    expect(lines('events.jsonl').map((e) => [e.event, e.epoch, e.step, e.trainLoss])).toEqual([
      ['moment', 0.1, 1, 0.01],
      ['moment', 0.3, 3, 0.03],
      ['epoch', 1, undefined, 0.1],
      ['moment', 1.5, 15, 0.15],
      ['epoch', 2, undefined, 0.2],
    ]);
    const { code, stderr } = await box.call(['analyze', 'trace', '--null-splits', '0']);
    expect(code, stderr).toBe(0);
    expect([...new Set(lines('information.jsonl').map((r) => r.epoch))]).toEqual([0.1, 0.3, 1, 1.5, 2]);
  });
});
