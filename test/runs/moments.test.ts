/** Names of the files of moments inside an epoch. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RunDirectory } from '../../src/runs/directory.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ibscope-moments-'));
  await mkdir(join(folder, 'probes'));
});
afterEach(() => rm(folder, { recursive: true }));

const runWith = (document: object) => writeFile(join(folder, 'run.json'), JSON.stringify(document));
const probe = (name: string) => writeFile(join(folder, 'probes', name), '');

describe('a moment', () => {
  it('at the end of an epoch has the name of 0.1.0, and inside one says epoch and step', async () => {
    await runWith({ stepsPerEpoch: 79 });
    const dir = await RunDirectory.read(folder);
    expect(basename(dir.probe(3))).toBe('epoch-0003.safetensors');
    expect(basename(dir.probe(20 / 79))).toBe('epoch-0000.step-00000020.safetensors');
    expect(basename(dir.checkpoint(100 / 79))).toBe('epoch-0001.step-00000100.safetensors');
  });

  it('is read back from its name, exactly, whatever the steps of an epoch', async () => {
    for (const stepsPerEpoch of [3, 7, 79, 391, 1563]) {
      await runWith({ stepsPerEpoch });
      const dir = await RunDirectory.read(folder);
      const steps = [1, 2, stepsPerEpoch - 1, stepsPerEpoch, stepsPerEpoch + 1, 2 * stepsPerEpoch];
      const epochs = [...new Set(steps)].map((s) => s / stepsPerEpoch);
      for (const epoch of epochs) await probe(basename(dir.probe(epoch)));
      expect(await dir.probes()).toEqual(epochs.sort((a, b) => a - b));
      await mkdir(join(folder, 'representation'));
      for (const epoch of epochs) await writeFile(dir.embedding('umap', epoch), '');
      await writeFile(dir.embedding('tsne', 1), '');
      expect(await dir.embeddings('umap')).toEqual(epochs);
      expect(await dir.embeddings('tsne')).toEqual([1]);
      await rm(join(folder, 'representation'), { recursive: true });
      await rm(join(folder, 'probes'), { recursive: true });
      await mkdir(join(folder, 'probes'));
    }
  });

  it('cannot be placed in time without the steps of an epoch, which is said', async () => {
    await runWith({});
    await probe('epoch-0001.npz');
    const dir = await RunDirectory.read(folder);
    expect(await dir.probes()).toEqual([1]);
    await probe('epoch-0001.step-00000100.npz');
    await expect(dir.probes()).rejects.toThrow(
      'epoch-0001.step-00000100.npz: run.json must say "stepsPerEpoch" to place a step in time',
    );
  });
});
