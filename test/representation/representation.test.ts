import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Rng } from '../../src/base/random.js';
import { aligned, distances, embed, place, silhouettes } from '../../src/representation/index.js';

const golden = JSON.parse(readFileSync(new URL('../golden/dynamics.json', import.meta.url), 'utf8')).silhouettes as {
  x: number[];
  d: number;
  cluster: number[];
  silhouettes: number[];
};
const matrix = (values: number[], d: number) => ({ data: Float32Array.from(values), n: values.length / d, d });

describe('silhouettes', () => {
  it('are scikit-learn’s', () => {
    const found = silhouettes(distances(matrix(golden.x, golden.d)), Int32Array.from(golden.cluster));
    found.forEach((s, i) => {
      expect(s).toBeCloseTo(golden.silhouettes[i], 5);
    });
  });

  it('of the only sample of a cluster are 0, and there are none of one cluster', () => {
    const d = distances(matrix([0, 1, 5], 1));
    expect(silhouettes(d, Int32Array.of(0, 0, 1))[2]).toBe(0);
    expect(silhouettes(d, Int32Array.of(0, 0, 0)).every(Number.isNaN)).toBe(true);
  });
});

describe('the place of poisoned samples', () => {
  it('is measured from the centres of clean classes, in units of a clean sample’s own distance', () => {
    // Clean: class 0 at 0 ± 1, class 1 at 10 ± 1. Poisoned, from class 1: at 2.
    const t = matrix([-1, 1, 9, 11, 2, 2], 1);
    expect(place(t, Int32Array.of(0, 0, 1, 1, 1, 1), [0, 0, 0, 0, 1, 1], 0)).toEqual({
      toTarget: 2,
      toSource: 8,
      spread: 1,
    });
  });

  it('does not exist without poisoned samples', () => {
    expect(place(matrix([0, 1], 1), Int32Array.of(0, 1), [0, 0], 0)).toBeNull();
  });
});

describe('pictures of T', () => {
  const rng = new Rng(2, 'clusters');
  const points = Array.from({ length: 90 }, (_, i) =>
    Array.from({ length: 6 }, (_, j) => rng.normal() + (j === i % 3 ? 12 : 0)),
  ).flat();
  const cluster = Int32Array.from({ length: 90 }, (_, i) => i % 3);

  for (const method of ['umap', 'tsne'] as const)
    it(`by ${method} keep clusters apart that are apart, and are the same for the same seed`, () => {
      const xy = embed(matrix(points, 6), method, 1);
      const found = silhouettes(distances({ data: xy, n: 90, d: 2 }), cluster);
      expect(found.reduce((a, b) => a + b, 0) / 90).toBeGreaterThan(0.5);
      expect(embed(matrix(points, 6), method, 1)).toEqual(xy);
    });

  it('are turned and mirrored onto those of the epoch before', () => {
    const before = Float32Array.from({ length: 40 }, () => rng.normal());
    const [c, s] = [Math.cos(2), Math.sin(2)];
    const moved = before.map((_, i) => {
      const [x, y] = [before[i - (i % 2)], -before[i - (i % 2) + 1]];
      return i % 2 === 0 ? c * x - s * y : s * x + c * y;
    });
    aligned(moved, before).forEach((v, i) => {
      expect(v).toBeCloseTo(before[i], 5);
    });
  });
});
