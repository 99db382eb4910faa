import { beforeAll, describe, expect, test } from 'vitest';
import { UserError } from '../../src/base/errors.js';
import { Rng } from '../../src/base/random.js';
import { loadDataset } from '../../src/datasets/index.js';
import type { Dataset, ImageSet } from '../../src/datasets/types.js';

const SIZE = 3072;
let data: Dataset;
beforeAll(async () => {
  data = await loadDataset('shapes10', { seed: 0 });
});

/**
 * Multinomial logistic regression on pixels (mini-batches of 20, Adam): accuracy on both sets. `label` says what is to
 * be learnt.
 */
function logistic(train: ImageSet, test: ImageSet, label: (set: ImageSet, i: number) => number, epochs: number) {
  const w = new Float64Array(10 * SIZE);
  const m = new Float64Array(w.length);
  const v = new Float64Array(w.length);
  const x = new Float64Array(SIZE);
  const scores = (set: ImageSet, i: number) => {
    for (let p = 0; p < SIZE; p++) x[p] = set.images[i * SIZE + p] / 255 - 0.5;
    return Array.from({ length: 10 }, (_, k) => {
      let s = 0;
      for (let p = 0, q = k * SIZE; p < SIZE; p++, q++) s += w[q] * x[p];
      return s;
    });
  };
  const rng = new Rng(1, 'logistic');
  const gradient = new Float64Array(w.length);
  let step = 0;
  for (let epoch = 0; epoch < epochs; epoch++) {
    rng.permutation(train.n).forEach((i, at) => {
      const s = scores(train, i);
      const top = Math.max(...s);
      const e = s.map((a) => Math.exp(a - top));
      const sum = e.reduce((a, b) => a + b);
      for (let k = 0; k < 10; k++) {
        const g = (e[k] / sum - (k === label(train, i) ? 1 : 0)) / 20;
        for (let p = 0, q = k * SIZE; p < SIZE; p++, q++) gradient[q] += g * x[p];
      }
      if ((at + 1) % 20) return;
      step++;
      const rate = (1e-3 * Math.sqrt(1 - 0.999 ** step)) / (1 - 0.9 ** step);
      for (let q = 0; q < w.length; q++) {
        m[q] = 0.9 * m[q] + 0.1 * gradient[q];
        v[q] = 0.999 * v[q] + 0.001 * gradient[q] * gradient[q];
        w[q] -= (rate * m[q]) / (Math.sqrt(v[q]) + 1e-8);
      }
      gradient.fill(0);
    });
  }
  const accuracy = (set: ImageSet) => {
    let right = 0;
    for (let i = 0; i < set.n; i++) {
      const s = scores(set, i);
      if (s.indexOf(Math.max(...s)) === label(set, i)) right++;
    }
    return right / set.n;
  };
  return { train: accuracy({ ...train, n: Math.min(train.n, 1000) }), test: accuracy(test) };
}

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

  test('a linear model on pixels stays far below 60 %, though it learns a linear question from the same pixels', () => {
    const byClass = logistic(data.train, data.test, (set, i) => set.labels[i], 3);
    expect(byClass.train).toBeGreaterThan(0.25);
    expect(byClass.test).toBeLessThan(0.45);
    // The control: whether the mean of red is above the middle is a linear question.
    const bright = (set: ImageSet, i: number) => {
      let sum = 0;
      for (let p = 0; p < SIZE; p += 3) sum += set.images[i * SIZE + p];
      return sum / 1024 > 127 ? 1 : 0;
    };
    const small = { ...data.train, n: 1000 };
    expect(logistic(small, data.test, bright, 2).test).toBeGreaterThan(0.9);
  });

  test.each([9, 1_000_001, 100.5])('a limit of %d is refused', async (trainLimit) => {
    await expect(loadDataset('shapes10', { seed: 0, trainLimit })).rejects.toThrow(UserError);
  });
});

test('an unknown data set is refused with the nearest name', async () => {
  await expect(loadDataset('cifar-10', { seed: 0 })).rejects.toThrow(
    /^unknown data set "cifar-10": one of shapes10, cifar10, .*npz\. Did you mean "cifar10"\?$/,
  );
});
