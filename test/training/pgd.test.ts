import { describe, expect, test } from 'vitest';
import { Rng } from '../../src/base/random.js';
import { findModel } from '../../src/models/index.js';
import { pgd } from '../../src/training/pgd.js';
import { Trainer } from '../../src/training/trainer.js';

const norm = (v: Float32Array) => Math.hypot(...v);
const minus = (a: Float32Array, b: Float32Array) => a.map((v, i) => v - b[i]);

describe('on a linear loss, where the answer is known', () => {
  // Loss g·x for the first image, −g·x for the second.
  const g = Float32Array.of(3, -4, 0, 12);
  const images = new Float32Array(8).fill(0.5);
  const gradient = async () => Float32Array.of(...g, ...g.map((v) => -v));
  const labels = Int32Array.of(0, 1);

  test.each([
    [10, 0.01, 0.2, 0.1],
    [100, 0.01, 0.2, 0.2],
  ])('L2: %d steps of %d in a ball of %d go %d along the gradient', async (steps, step, epsilon, far) => {
    const out = await pgd(images, labels, gradient, { norm: 'l2', epsilon, step, steps });
    for (const [row, sign] of [
      [0, 1],
      [1, -1],
    ])
      g.forEach((v, i) => {
        expect(out[4 * row + i]).toBeCloseTo(0.5 + (sign * far * v) / 13, 5);
      });
  });

  test('L∞: every value that matters ends at ε, the others stay', async () => {
    const out = await pgd(images, labels, gradient, { norm: 'linf', epsilon: 0.1, step: 0.03, steps: 9 });
    [0.6, 0.4, 0.5, 0.6, 0.4, 0.6, 0.5, 0.4].forEach((v, i) => {
      expect(out[i]).toBeCloseTo(v, 6);
    });
  });

  test('never leaves [0, 1], never touches the images given, and a gradient of zero moves nothing', async () => {
    const white = new Float32Array(8).fill(1);
    const out = await pgd(white, labels, gradient, { norm: 'l2', epsilon: 5, step: 1, steps: 5 });
    expect(Math.max(...out)).toBe(1);
    expect(Math.min(...out)).toBeGreaterThanOrEqual(0);
    expect(white).toEqual(new Float32Array(8).fill(1));
    const still = await pgd(images, labels, async () => new Float32Array(8), {
      norm: 'l2',
      epsilon: 1,
      step: 0.1,
      steps: 3,
    });
    expect(still).toEqual(images);
  });
});

describe('against a network', () => {
  const n = 6;
  const rng = new Rng(0, 'pgd test');
  const size = 8 * 8 * 3;
  const set = {
    images: Uint8Array.from({ length: n * size }, () => rng.int(256)),
    labels: Int32Array.from({ length: n }, (_, i) => i % 2),
    n,
    height: 8,
    width: 8,
    channels: 3,
  };
  const trainer = new Trainer(
    {
      model: findModel('resnet18'),
      width: 2,
      epochs: 1,
      batchSize: n,
      learningRate: 0.01,
      momentum: 0,
      weightDecay: 0,
      schedule: 'cosine',
      noiseStd: 0,
      seed: 0,
    },
    { classes: 2, train: { ...set, poisoned: new Uint8Array(n) }, test: set, triggered: null },
    { threads: 1 },
  );
  const floats = Float32Array.from(set.images, (v) => v / 255);

  test('the gradient is each image’s own: changing one image leaves the others’ as they were', async () => {
    const { gradient: all } = await trainer.imageGradient(floats, set.labels);
    const changed = floats.slice();
    changed.fill(0.5, 0, size);
    const { gradient: again } = await trainer.imageGradient(changed, set.labels);
    for (let i = size; i < all.length; i++) expect(Math.abs(again[i] - all[i])).toBeLessThan(1e-6);
    expect(
      minus(again, all)
        .subarray(0, size)
        .some((v) => Math.abs(v) > 1e-6),
    ).toBe(true);
  });

  test('and agrees with central differences along its own direction', async () => {
    const { gradient: g } = await trainer.imageGradient(floats, set.labels);
    const loss = async (x: Float32Array) => {
      // Losses of float images come with the gradient's program; bytes would round the step away.
      const program = trainer as unknown as {
        adversarial: { get(n: number): Promise<{ run: (...a: unknown[]) => Promise<{ losses: Float32Array }> }> };
        bank: unknown;
      };
      const step = await program.adversarial.get(n);
      const { losses } = await step.run({ images: x, labels: set.labels }, trainer.state, program.bank);
      return losses.reduce((a, b) => a + b, 0);
    };
    const length = norm(g);
    const h = 0.02;
    const along = (sign: number) => floats.map((v, i) => v + (sign * h * g[i]) / length);
    const slope = ((await loss(along(1))) - (await loss(along(-1)))) / (2 * h);
    expect(Math.abs(slope / length - 1)).toBeLessThan(0.02);
  });

  test('the loss of the true label rises, and every perturbation is as long as it may be or shorter', async () => {
    const climbed = await pgd(floats, set.labels, async (x, y) => (await trainer.imageGradient(x, y)).gradient, {
      norm: 'l2',
      epsilon: 0.8,
      step: 0.1,
      steps: 12,
    });
    for (let i = 0; i < n; i++)
      expect(norm(minus(climbed, floats).subarray(i * size, (i + 1) * size))).toBeLessThan(0.8 + 1e-5);
    const bytes = (x: Float32Array) => ({ ...set, images: Uint8Array.from(x, (v) => Math.round(255 * v)) });
    const before = await trainer.evaluate(bytes(floats), 'a');
    const after = await trainer.evaluate(bytes(climbed), 'a');
    expect(after.loss).toBeGreaterThan(before.loss);
  });
});
