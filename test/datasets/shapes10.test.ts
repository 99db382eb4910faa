import { beforeAll, describe, expect, test } from 'vitest';
import { UserError } from '../../src/base/errors.js';
import { loadDataset } from '../../src/datasets/index.js';
import type { Dataset } from '../../src/datasets/types.js';

const SIZE = 3072;
let data: Dataset;
beforeAll(async () => {
  data = await loadDataset('shapes10', { seed: 0 });
});

describe('shapes10', () => {
  test('is 5 000 training and 1 000 test images of 32×32×3, ten classes of the same size', () => {
    expect(data.classes).toHaveLength(10);
    expect(new Set(data.classes).size).toBe(10);
    for (const [set, n] of [[data.train, 5000] as const, [data.test, 1000] as const]) {
      expect(set).toMatchObject({ n, height: 32, width: 32, channels: 3 });
      expect(set.images.length).toBe(n * SIZE);
      const counts = new Array<number>(10).fill(0);
      for (const label of set.labels) counts[label]++;
      expect(counts).toEqual(new Array(10).fill(n / 10));
    }
  });

  test('a smaller set is the beginning of a larger one', async () => {
    const few = await loadDataset('shapes10', { seed: 0, trainLimit: 23, testLimit: 10 });
    expect(few.train.n).toBe(23);
    expect(few.train.images).toEqual(data.train.images.subarray(0, 23 * SIZE));
    expect(few.train.labels).toEqual(data.train.labels.subarray(0, 23));
    expect(few.test.images).toEqual(data.test.images.subarray(0, 10 * SIZE));
  });

  test('another seed, and the test split, draw other images; no image recurs', async () => {
    const other = await loadDataset('shapes10', { seed: 1, trainLimit: 1000, testLimit: 10 });
    const seen = new Set<string>();
    let images = 0;
    for (const set of [data.train, data.test, other.train]) {
      for (let i = 0; i < set.n; i++) {
        seen.add(Buffer.from(set.images.subarray(i * SIZE, (i + 1) * SIZE)).toString('latin1'));
        images++;
      }
    }
    expect(seen.size).toBe(images);
  });

  test('colour says nothing about the class: mean colours and their spread agree between the classes', () => {
    const { train } = data;
    for (let c = 0; c < 3; c++) {
      const means = Array.from({ length: train.n }, (_, i) => {
        let sum = 0;
        for (let p = c; p < SIZE; p += 3) sum += train.images[i * SIZE + p];
        return sum / (255 * 1024);
      });
      const average = (values: number[]) => values.reduce((a, b) => a + b) / values.length;
      const all = average(means);
      const spread = Math.sqrt(average(means.map((v) => (v - all) ** 2)));
      for (let k = 0; k < 10; k++) {
        const own = average(means.filter((_, i) => train.labels[i] === k));
        // 30 comparisons of a mean over 500 images: 4 standard errors are passed by chance once in 500 seeds.
        expect(Math.abs(own - all)).toBeLessThan((4 * spread) / Math.sqrt(500));
      }
    }
  });

  test('edges are antialiased: pixels between the two colours are common, on a sharp raster there were none', () => {
    // Take the disk: every row through it passes ground → edge → ink. Count rows whose largest jump is split in two.
    let split = 0;
    let rows = 0;
    for (let i = 0; i < 500; i += 10) {
      for (let y = 12; y < 20; y++) {
        const at = (x: number) => data.train.images[i * SIZE + (y * 32 + x) * 3];
        const steps = Array.from({ length: 16 }, (_, x) => Math.abs(at(x + 1) - at(x)));
        const largest = Math.max(...steps);
        if (largest < 60) continue;
        rows++;
        const where = steps.indexOf(largest);
        if (Math.max(steps[where - 1] ?? 0, steps[where + 1] ?? 0) > 0.2 * largest) split++;
      }
    }
    expect(rows).toBeGreaterThan(100);
    expect(split / rows).toBeGreaterThan(0.4);
  });

  test.each([9, 1_000_001, 100.5])('a limit of %d is refused', async (trainLimit) => {
    await expect(loadDataset('shapes10', { seed: 0, trainLimit })).rejects.toThrow(UserError);
  });
});

test('an unknown data set is refused with the nearest name', async () => {
  await expect(loadDataset('cifar-10', { seed: 0 })).rejects.toThrow(
    /^unknown data set "cifar-10": one of shapes10, cifar10, .*npz, torch, parquet\. Did you mean "cifar10"\?$/,
  );
});
