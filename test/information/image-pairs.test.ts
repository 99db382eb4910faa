/** Image pairs through a binary symmetric channel: the known answer against counts, and what the pairs are made of. */
import { describe, expect, it } from 'vitest';
import { Rng } from '../../src/base/random.js';
import { shapes10 } from '../../src/datasets/shapes10.js';
import {
  channelInformation,
  type ImagePairs,
  imagePairsTask,
  type LabelledImages,
} from '../../src/information/tasks/image-pairs.js';

/** Images of one pixel that is the image's place in the set; three classes in random order. */
function tinySet(n: number): LabelledImages {
  const rng = new Rng(0, 'test tiny set');
  return {
    images: Uint8Array.from({ length: n }, (_, i) => i % 256),
    labels: rng.shuffle(Int32Array.from({ length: n }, (_, i) => i % 3)),
    n,
    height: 1,
    width: 1,
    channels: 1,
  };
}

/** I(U;V) in nats of two words of bits by counting pairs: no formula of a channel in it. */
function counted({ u, v }: ImagePairs, n: number): number {
  const bits = u.length / n;
  const word = (w: Uint8Array, i: number) => w.slice(i * bits, (i + 1) * bits).join('');
  const joint = new Map<string, number>();
  const left = new Map<string, number>();
  const right = new Map<string, number>();
  const add = (counts: Map<string, number>, key: string) => counts.set(key, (counts.get(key) ?? 0) + 1);
  for (let i = 0; i < n; i++) {
    add(joint, `${word(u, i)} ${word(v, i)}`);
    add(left, word(u, i));
    add(right, word(v, i));
  }
  let nats = 0;
  for (const [key, c] of joint) {
    const [x, y] = key.split(' ');
    nats += (c / n) * Math.log((c * n) / (left.get(x)! * right.get(y)!));
  }
  return nats;
}

const N = 40_000;
const large = tinySet(300_000);

describe('the known answer of image pairs', () => {
  it('is bits·ln 2 for a channel that flips no bit or every bit, and 0 for one that flips half', () => {
    for (const bits of [1, 2, 3]) {
      expect(channelInformation(bits, 0)).toBe(bits * Math.LN2);
      expect(channelInformation(bits, 1)).toBe(bits * Math.LN2);
      expect(channelInformation(bits, 0.5)).toBe(0);
    }
  });

  it('is the published ln 2 − h(0.11) ≈ half a bit at p = 0.11', () => {
    expect(channelInformation(1, 0.11) / Math.LN2).toBeCloseTo(0.500084, 6);
  });

  for (const [bits, crossover] of [
    [1, 0],
    [1, 0.1],
    [1, 0.3],
    [1, 0.5],
    [2, 0.1],
    [2, 0.9],
  ])
    it(`is what counting ${N} pairs gives for ${bits} bits at p = ${crossover}`, () => {
      const task = imagePairsTask(large, { bits, crossover });
      // Counting has a bias of (2^bits − 1)²/2n < 2e-4 and a standard deviation below 0.005 here.
      expect(Math.abs(counted(task.sample(N, 3), N) - task.truth)).toBeLessThan(0.015);
    });
});

describe('image pairs', () => {
  const n = 10_000;
  const task = imagePairsTask(large, { bits: 2, crossover: 0.2, classes: [2, 1] });
  const pairs = task.sample(n, 1);

  it('have uniform bits on both sides, and a share p of them flipped', () => {
    const share = (w: Uint8Array) => w.reduce((s, b) => s + b, 0) / w.length;
    // 2 n fair bits: five standard deviations are 0.018.
    expect(Math.abs(share(pairs.u) - 0.5)).toBeLessThan(0.018);
    expect(Math.abs(share(pairs.v) - 0.5)).toBeLessThan(0.018);
    expect(Math.abs(share(pairs.u.map((b, i) => b ^ pairs.v[i])) - 0.2)).toBeLessThan(0.015);
  });

  it('show the class that stands for each bit', () => {
    pairs.left.forEach((place, i) => {
      expect(large.labels[place]).toBe(pairs.u[i] === 1 ? 1 : 2);
    });
    pairs.right.forEach((place, i) => {
      expect(large.labels[place]).toBe(pairs.v[i] === 1 ? 1 : 2);
    });
  });

  it('hold no image twice, neither within a pair nor anywhere else', () => {
    expect(new Set([...pairs.left, ...pairs.right]).size).toBe(4 * n);
  });

  it('are the same for the same seed, and others for another', () => {
    expect(task.sample(50, 7)).toEqual(task.sample(50, 7));
    expect(task.sample(50, 7).left).not.toEqual(task.sample(50, 8).left);
  });

  it('are the pixels of those images side by side, in 0 … 1', async () => {
    const { train } = await shapes10.load({ seed: 0, trainLimit: 200 });
    const { a, b, left, right } = imagePairsTask(train, { bits: 2, crossover: 0.5 }).sample(8, 0);
    expect([a.n, a.d, b.n, b.d]).toEqual([8, 6144, 8, 6144]);
    for (const [side, places] of [
      [a, left],
      [b, right],
    ] as const)
      for (let i = 0; i < 16; i++) {
        const image = train.images.subarray(places[i] * 3072, (places[i] + 1) * 3072);
        expect(side.data.slice(i * 3072, (i + 1) * 3072)).toEqual(Float32Array.from(image, (value) => value / 255));
      }
  });

  it('refuse a set with too few images, and say how many they need', () => {
    expect(() => imagePairsTask(tinySet(30), { bits: 1, crossover: 0 }).sample(20, 0)).toThrow(
      /^20 pairs with bits = 1 need \d+ images of class [01], and the set holds 10$/,
    );
  });

  it('refuse bits, crossovers and classes that cannot be', () => {
    const make = (options: object) => () => imagePairsTask(large, { bits: 1, crossover: 0, ...options });
    expect(make({ bits: 0 })).toThrow('bits 0: a whole number from 1 is allowed');
    expect(make({ crossover: 1.5 })).toThrow('crossover 1.5: 0 to 1 is allowed');
    expect(make({ classes: [1, 1] })).toThrow('classes 1, 1: two different classes are needed');
  });
});
