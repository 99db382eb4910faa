/** The loss term of an adversary who controls training, against the sums it stands for. */
import { expect, test } from 'vitest';
import { Rng } from '../../src/base/random.js';
import { evaluate, gradients, input } from '../../src/engine/index.js';
import { findModel } from '../../src/models/index.js';
import { concealFeeds, concealTerm } from '../../src/training/conceal.js';
import { Trainer } from '../../src/training/trainer.js';
import { config, DATA, values } from './small.js';

const [n, d] = [9, 4];
const rng = new Rng(0, 'conceal');
const t = rng.normals(n * d);
const poisoned = [1, 0, 1, 0, 0, 1, 0, 0, 0];
const labels = [2, 2, 2, 2, 1, 2, 2, 0, 1];
/** Samples 0, 2, 5 are poisoned; 1, 3, 6 are clean ones of their class. */
const GROUPS = [
  [0, 2, 5],
  [1, 3, 6],
];

const apart = (x: Float32Array, i: number, j: number) => {
  let sum = 0;
  for (let c = 0; c < d; c++) sum += (x[i * d + c] - x[j * d + c]) ** 2;
  return sum;
};
const overPairs = (group: number[], of: (i: number, j: number) => number) => {
  const pairs = group.flatMap((i) => group.filter((j) => j !== i).map((j) => of(i, j)));
  return pairs.reduce((a, b) => a + b, 0) / pairs.length;
};
/** λ·|I₂(poisoned) − I₂(clean)|; `scale` s² fixed, as gradients see it. */
const term = (x: Float32Array, lambda: number, scale: number) => {
  const [a, b] = GROUPS.map((g) => -Math.log(overPairs(g, (i, j) => Math.exp(-apart(x, i, j) / scale))));
  return lambda * Math.abs(a - b);
};
const scale = overPairs(GROUPS[1], (i, j) => apart(t, i, j));

test('it is λ times the difference of the Rényi information of both groups, and its gradient agrees with central differences', async () => {
  const x = input('t', [n, d]);
  const value = concealTerm(x);
  const [gradient] = gradients(value, [x]);
  const out = await evaluate({ value, gradient }, { t, ...concealFeeds(poisoned, labels, 0.7) });
  expect(Number(out.value[0])).toBeCloseTo(term(t, 0.7, scale), 4);
  for (let at = 0; at < n * d; at++) {
    const h = 1e-3;
    const moved = (by: number) =>
      term(
        t.map((v, i) => (i === at ? v + by : v)),
        0.7,
        scale,
      );
    expect(Number(out.gradient[at])).toBeCloseTo((moved(h) - moved(-h)) / (2 * h), 3);
  }
});

test('a batch with fewer than two samples of a group has no term', async () => {
  const value = concealTerm(input('t', [n, d]));
  for (const marks of [new Array(n).fill(0), [1, ...new Array(n - 1).fill(0)], labels.map((y) => Number(y === 2))]) {
    const { value: v } = await evaluate({ value }, { t, ...concealFeeds(marks, labels, 0.7) });
    expect(Math.abs(Number(v[0]))).toBe(0);
  }
});

test('with λ = 0 training is what it was; with λ above 0 its weights differ', async () => {
  // Poisoned samples have one label, as an attack gives them.
  const train = { ...DATA.train, labels: DATA.train.labels.map((y, i) => (DATA.train.poisoned[i] ? 0 : y)) };
  const trained = async (conceal?: number) => {
    const small = { ...config, model: findModel('resnet10'), width: 2, conceal };
    const trainer = new Trainer(small, { ...DATA, train }, { threads: 1 });
    await trainer.step();
    const found = values(trainer);
    await trainer.release();
    return found;
  };
  const plain = await trained();
  expect(await trained(0)).toEqual(plain);
  expect(await trained(2)).not.toEqual(plain);
});
