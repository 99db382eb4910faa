/** What a training step holds, and gradients by a transform that is computed again to hold less. A process of its own runs this file. */
import { expect, it } from 'vitest';
import { buildStep } from '../../bench/step/build.js';
import { Rng } from '../../src/base/random.js';
import * as e from '../../src/engine/index.js';

it('a step of ResNet-18, width 64, batch 64 holds at most 1 050 MB', async () => {
  const before = process.memoryUsage.rss();
  const step = await buildStep({ model: 'resnet18', width: 64, batch: 64, noise: 0 });
  for (let k = 0; k < 3; k++) await step.run();
  await step.release();
  // The system counts in KiB.
  expect((process.resourceUsage().maxRSS * 1024 - before) / 2 ** 20).toBeLessThan(1050);
}, 120_000);

it('the gradient of the weights over 64 images is the sum of those over two halves, whose transforms are small enough to be kept', async () => {
  const [side, c, n] = [32, 32, 64];
  const w = new Rng(1, 'w').normals(9 * c * c).map((v) => v / 17);
  const of = async (images: number, seeds: number[]) => {
    const x = e.input('x', [side, side, images, c]);
    const weight = e.input('w', [3, 3, c, c]);
    const loss = e.sum(e.mul(e.conv2d(x, weight, 1, 1), e.input('g', [side, side, images, c])));
    const [gradient] = e.gradients(loss, [weight]);
    /** Rows of c values, images last but one. */
    const filled = (name: string) => {
      const data = new Float32Array(side * side * images * c);
      const each = images / seeds.length;
      seeds.forEach((seed, k) => {
        const values = new Rng(seed, name).normals(side * side * each * c);
        for (let p = 0; p < side * side; p++)
          data.set(values.subarray(p * each * c, (p + 1) * each * c), (p * images + k * each) * c);
      });
      return data;
    };
    const feeds = { x: filled('x'), g: filled('g'), w: Float32Array.from(w) };
    return (await e.evaluate({ gradient }, feeds)).gradient as Float32Array;
  };
  const [whole, first, second] = [await of(n, [1, 2]), await of(n / 2, [1]), await of(n / 2, [2])];
  const scale = Math.max(...whole.map(Math.abs));
  const worst = whole.reduce((m, v, i) => Math.max(m, Math.abs(v - first[i] - second[i])), 0);
  expect(worst / scale).toBeLessThan(1e-5);
}, 120_000);
