import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { loadDataset } from '../../src/datasets/index.js';

const root = mkdtempSync(join(tmpdir(), 'ibscope-folder-'));
afterAll(() => rmSync(root, { recursive: true }));

const real = join(import.meta.dirname, '../../../shared/data/cifar10-imagefolder.tar.gz');
describe.skipIf(!existsSync(real))('real images (skipped, needs ../shared/data)', () => {
  test('twenty CIFAR-10 images of each class are read, and are natural images', async () => {
    const dataDir = join(root, 'cifar');
    mkdirSync(dataDir);
    execFileSync('tar', ['xzf', real, '-C', dataDir, '--wildcards', '*/00[01]?.jpg']);
    const inner = existsSync(join(dataDir, 'train')) ? dataDir : join(dataDir, 'cifar10');
    const { train, test: held, classes } = await loadDataset('folder', { dataDir: inner, seed: 0 });
    expect(classes).toHaveLength(10);
    expect([train.n, held.n]).toEqual([200, 200]);
    const mean = train.images.reduce((a, b) => a + b, 0) / train.images.length;
    // The mean of all CIFAR-10 pixels is 120.7.
    expect(Math.abs(mean - 120.7)).toBeLessThan(10);
  });
});
