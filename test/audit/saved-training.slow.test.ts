/** A stopped and resumed training of an audit ends like one that was not stopped, and is never mistaken for another's. */

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SavedTraining } from '../../src/audit/saved-training.js';
import { type Watched, watch } from '../../src/audit/watch.js';
import { Rng } from '../../src/base/random.js';

const settings = { width: 4, epochs: 3, checkpoints: [1, 2, 3], seed: 5 };
const [n, side] = [64, 8];
const rng = new Rng(3, 'keep');
const set = {
  images: Uint8Array.from({ length: n * side * side * 3 }, () => rng.int(256)),
  labels: Int32Array.from({ length: n }, (_, i) => i % 4),
  n,
  height: side,
  width: side,
  channels: 3,
};

describe('a saved training', () => {
  let folder: string;
  let whole: Watched;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ibscope-keep-'));
    whole = await watch(set, 4, settings, () => {});
  });
  afterAll(async () => {
    await whole.trainer.release();
    await rm(folder, { recursive: true });
  });

  it.each([
    ['in its first epoch', 0.1],
    ['in its second', 0.5],
    ['in its last', 0.99],
  ])('that was stopped %s resumes to the same checkpoints and the same network', async (_, when) => {
    const path = join(folder, `training-${when}.safetensors`);
    const stop = (share: number) => {
      if (share > when) throw new Error('stopped here');
    };
    const saved = () => new SavedTraining(path, set, settings);
    await expect(watch(set, 4, settings, stop, saved())).rejects.toThrow('stopped here');
    const resumed = await watch(set, 4, settings, () => {}, saved());
    expect(resumed.checkpoints).toEqual(whole.checkpoints);
    expect(resumed.trainer.weights()).toEqual(whole.trainer.weights());
    expect(resumed.halfway).toEqual(whole.halfway);
    await resumed.trainer.release();
  });

  it('is refused for another set, other options, and when it is damaged', async () => {
    const path = join(folder, 'other.safetensors');
    const saved = new SavedTraining(path, set, settings);
    expect(await saved.read()).toBeNull();
    await saved.write({ now: whole.halfway, checkpoints: whole.checkpoints });
    const other = { ...set, labels: set.labels.map((y) => (y + 1) % 4) };
    await expect(new SavedTraining(path, other, settings).read()).rejects.toThrow('is of another set');
    await expect(new SavedTraining(path, set, { ...settings, seed: 6 }).read()).rejects.toThrow('is of another set');
    await writeFile(path, 'x');
    await expect(saved.read()).rejects.toThrow('truncated');
  });
});
