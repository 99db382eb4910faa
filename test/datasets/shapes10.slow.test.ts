import { beforeAll, describe, expect, test } from 'vitest';
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
});
