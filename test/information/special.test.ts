import { describe, expect, it } from 'vitest';
import { logGamma } from '../../src/base/gamma.js';
import { Rng } from '../../src/base/random.js';
import { eachSquaredDistance } from '../../src/information/distances.js';
import { KdTree, SortedLine } from '../../src/information/kdtree.js';
import {
  backSolve,
  cholesky,
  forwardSolve,
  inverseSpd,
  pivotedCholesky,
  symmetricEigen,
} from '../../src/information/linalg.js';
import { digamma, digammaTable, normalQuantile } from '../../src/information/special.js';
import { golden, noise } from './helpers.js';

describe('special functions', () => {
  it('digamma and ln Γ agree with SciPy to 1e-12', () => {
    golden.special.x.forEach((x, i) => {
      expect(Math.abs(digamma(x) / golden.special.digamma[i] - 1)).toBeLessThan(1e-12);
      expect(Math.abs(logGamma(x) - golden.special.logGamma[i])).toBeLessThan(
        1e-12 * Math.max(1, Math.abs(golden.special.logGamma[i])),
      );
    });
  });

  it.each([
    [1e-10, -6.361340902404056],
    [1e-4, -3.7190164854556804],
    [0.02425, -1.972961051311885],
    [0.1, -1.2815515655446004],
    [0.3, -0.5244005127080409],
    [0.5, 0],
    [0.77, 0.7388468491852137],
    [0.9999, 3.719016485455709],
  ])('the normal quantile at %d is what SciPy’s ndtri gives, %d', (p, expected) => {
    expect(Math.abs(normalQuantile(p) - expected)).toBeLessThan(2e-9 * Math.max(1, Math.abs(expected)));
  });

  it('the table of digammas is the function at whole numbers', () => {
    const table = digammaTable(5000);
    for (const m of [1, 2, 17, 999, 5000]) expect(table[m]).toBeCloseTo(digamma(m), 11);
  });
});

describe('linear algebra', () => {
  const d = 6;
  const root = noise(d, d, 1).data;
  const spd = new Float64Array(d * d);
  for (let i = 0; i < d; i++)
    for (let j = 0; j < d; j++) for (let k = 0; k < d; k++) spd[i * d + j] += root[i * d + k] * root[j * d + k];

  it('a matrix times its inverse is the identity', () => {
    const inverse = inverseSpd(spd, d);
    for (let i = 0; i < d; i++)
      for (let j = 0; j < d; j++) {
        let s = 0;
        for (let k = 0; k < d; k++) s += spd[i * d + k] * inverse[k * d + j];
        expect(s).toBeCloseTo(i === j ? 1 : 0, 8);
      }
  });

  it('forward and back substitution together solve the system', () => {
    const l = cholesky(spd, d)!;
    const x = noise(1, d, 2).data;
    const b = new Float64Array(d);
    for (let i = 0; i < d; i++) for (let k = 0; k < d; k++) b[i] += spd[i * d + k] * x[k];
    forwardSolve(l, d, b);
    backSolve(l, d, b);
    b.forEach((v, i) => {
      expect(v).toBeCloseTo(x[i], 8);
    });
  });

  it('pivoting finds the rank of columns that are sums of others', () => {
    // Columns 3 = 0 + 1 and 4 = 2·2.
    const { data, n } = noise(50, 3, 3);
    const wide = new Float64Array(n * 5);
    for (let i = 0; i < n; i++) {
      const [x, y, z] = data.subarray(i * 3, i * 3 + 3);
      wide.set([x, y, z, x + y, 2 * z], i * 5);
    }
    const gram = new Float64Array(25);
    for (let i = 0; i < n; i++)
      for (let r = 0; r < 5; r++) for (let c = 0; c < 5; c++) gram[r * 5 + c] += wide[i * 5 + r] * wide[i * 5 + c];
    const { columns, factor } = pivotedCholesky(gram, 5, 1e-10);
    expect(columns).toHaveLength(3);
    for (let i = 0; i < 3; i++)
      for (let j = 0; j < 3; j++) {
        let s = 0;
        for (let k = 0; k < 3; k++) s += factor[i * 3 + k] * factor[j * 3 + k];
        expect(s).toBeCloseTo(gram[columns[i] * 5 + columns[j]], 8);
      }
  });

  it('the eigenvalues of the second difference are 2 − 2·cos(kπ / (d + 1)), and its eigenvectors are sines', () => {
    const d = 12;
    const matrix = Float64Array.from({ length: d * d }, (_, i) => {
      const apart = Math.abs(Math.floor(i / d) - (i % d));
      return apart === 0 ? 2 : -Number(apart === 1);
    });
    const { values, vectors } = symmetricEigen(matrix, d);
    for (let i = 0; i < d; i++) {
      const angle = ((d - i) * Math.PI) / (d + 1);
      expect(values[i]).toBeCloseTo(2 - 2 * Math.cos(angle), 13);
      const sign = Math.sign(vectors[i * d]);
      for (let j = 0; j < d; j++)
        expect(sign * vectors[i * d + j]).toBeCloseTo(Math.sqrt(2 / (d + 1)) * Math.sin(angle * (j + 1)), 12);
    }
  });

  it('equal eigenvalues have orthogonal eigenvectors', () => {
    const { values, vectors } = symmetricEigen(Float64Array.of(2, 0, 0, 0, 3, 1, 0, 1, 3), 3);
    [4, 2, 2].forEach((v, i) => {
      expect(values[i]).toBeCloseTo(v, 14);
    });
    for (let i = 0; i < 3; i++)
      for (let j = 0; j < 3; j++) {
        let dot = 0;
        for (let k = 0; k < 3; k++) dot += vectors[i * 3 + k] * vectors[j * 3 + k];
        expect(dot).toBeCloseTo(Number(i === j), 14);
      }
  });

  it('a matrix that is not positive definite has no Cholesky factor', () => {
    expect(cholesky(Float64Array.of(1, 2, 2, 1), 2)).toBeNull();
  });
});

describe('neighbour search', () => {
  const rng = new Rng(4, 'test');
  // Rounded to tenths, so that many distances tie.
  for (const [n, d, digits] of [
    [400, 1, 9],
    [400, 3, 9],
    [300, 7, 9],
    [400, 2, 1],
    [100, 2, 0],
  ]) {
    const points = Float64Array.from({ length: n * d }, () => Number(rng.normal().toFixed(digits)));
    const gap = (i: number, j: number) => {
      let far = 0;
      for (let c = 0; c < d; c++) far = Math.max(far, Math.abs(points[i * d + c] - points[j * d + c]));
      return far;
    };
    it(`agrees with brute force for ${n} points in ${d} dimensions with ${digits} digits`, () => {
      const tree = new KdTree(points, n, d);
      const line = new SortedLine(points);
      const distances = new Float64Array(4);
      const neighbours = new Int32Array(4);
      for (let p = 0; p < n; p++) {
        const i = tree.order[p];
        const all = Array.from({ length: n }, (_, j) => gap(i, j));
        const others = all.filter((_, j) => j !== i).sort((a, b) => a - b);
        tree.nearest(p, 4, distances, neighbours);
        expect(Array.from(distances)).toEqual(others.slice(0, 4));
        expect(Array.from(neighbours, (q) => gap(i, tree.order[q]))).toEqual(Array.from(distances));
        for (const radius of [0, distances[3], 1]) {
          const closed = all.filter((v) => v <= radius).length;
          const open = radius === 0 ? closed : all.filter((v) => v < radius).length;
          expect(tree.countWithin(p, radius, true)).toBe(closed);
          expect(tree.countWithin(p, radius, false)).toBe(open);
          if (d === 1) {
            expect(line.countWithin(points[i], radius, true)).toBe(closed);
            expect(line.countWithin(points[i], radius, false)).toBe(open);
          }
        }
      }
    });
  }
});

describe('all squared distances', () => {
  for (const [n, d] of [
    [2, 1],
    [7, 5],
    [65, 16],
    [130, 37],
  ])
    it(`visits every pair of ${n} rows of ${d} once, to single precision`, () => {
      const data = Float32Array.from(noise(n, d, 5).data);
      const seen = new Set<number>();
      eachSquaredDistance(data, n, d, (i, j, squared) => {
        expect(i).toBeLessThan(j);
        seen.add(i * n + j);
        let exact = 0;
        for (let c = 0; c < d; c++) exact += (data[i * d + c] - data[j * d + c]) ** 2;
        expect(Math.abs(squared - exact)).toBeLessThanOrEqual(2e-6 * exact);
      });
      expect(seen.size).toBe((n * (n - 1)) / 2);
    });
});
