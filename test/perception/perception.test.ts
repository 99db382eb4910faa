import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { UserError } from '../../src/base/errors.js';
import { measures, perceive } from '../../src/perception/index.js';

type Shape = [number, number, number];
type Case = { shape: Shape; kind: string } & Record<string, number>;
const cases = JSON.parse(readFileSync(join(import.meta.dirname, '../golden/perception.json'), 'utf8')) as Case[];

/** The images of test/golden/perception.py. */
function clean([h, w, c]: Shape): Uint8Array {
  return Uint8ClampedArray.from({ length: h * w * c }, (_, i) => {
    const [y, x, k] = [Math.floor(i / (w * c)), Math.floor(i / c) % w, i % c];
    return Math.floor(110 + 70 * Math.sin(x / 5 + k) + 40 * Math.cos(y / 7 - k) + ((i * i + 7 * i) % 31));
  }) as unknown as Uint8Array;
}

function triggered(image: Uint8Array, [, w, c]: Shape, kind: string): Uint8Array {
  return Uint8ClampedArray.from(image, (v, i) => {
    const [y, x, k] = [Math.floor(i / (w * c)), Math.floor(i / c) % w, i % c];
    if (kind === 'patch') return y < 5 && x < 5 ? [255, 0, 0][k] : v;
    if (kind === 'wave') return v + Math.round(40 * Math.sin((2 * Math.PI * x * 6) / w));
    return v + ((i * i * 3 + i) % 61) - 30;
  }) as unknown as Uint8Array;
}

const set = (images: Uint8Array, [height, width, channels]: Shape, n = 1) => ({ images, n, height, width, channels });

describe.each(measures.map((m) => [m.name, m] as const))('%s', (name, { of, unchanged }) => {
  test.each(cases.map((c) => [c.kind, c.shape.join('×'), c] as const))(
    '%s on %s is what scikit-image, SciPy and Pillow give',
    (_, __, c) => {
      const image = clean(c.shape);
      const value = of(image, triggered(image, c.shape, c.kind), ...c.shape);
      if (c[name] === null) expect(value).toBeNaN();
      else expect(Math.abs(value - c[name])).toBeLessThan(1e-4);
    },
  );

  test('of an image with itself says so, and of two images is the same both ways', () => {
    const shape: Shape = [176, 176, 3];
    const image = clean(shape);
    const other = triggered(image, shape, 'texture');
    expect(of(image, image, ...shape)).toBeCloseTo(unchanged, 10);
    expect(of(image, other, ...shape)).toBe(of(other, image, ...shape));
  });
});

describe('perceive', () => {
  const shape: Shape = [32, 32, 3];
  const image = clean(shape);
  const [patch, wave] = ['patch', 'wave'].map((kind) => triggered(image, shape, kind));
  const both = set(Uint8Array.from([...image, ...image]), shape, 2);

  test('averages over the images and gives the sample standard deviation', () => {
    const out = perceive(both, set(Uint8Array.from([...patch, ...wave]), shape, 2));
    const [p, w] = ['patch', 'wave'].map(
      (kind) => cases.find((c) => c.kind === kind && c.shape.join() === shape.join())!,
    );
    expect(Object.keys(out)).toEqual(measures.map((m) => m.name));
    for (const [name, { mean, standardDeviation, n }] of Object.entries(out)) {
      if (name === 'msssim') {
        expect([mean, n]).toEqual([Number.NaN, 0]);
        continue;
      }
      expect(n).toBe(2);
      expect(mean).toBeCloseTo((p[name] + w[name]) / 2, 3);
      expect(standardDeviation).toBeCloseTo(Math.abs(p[name] - w[name]) / Math.SQRT2, 3);
    }
  });

  test('an image that was not changed does not make the mean PSNR infinite', () => {
    const out = perceive(both, set(Uint8Array.from([...image, ...wave]), shape, 2));
    expect(out.psnr.n).toBe(1);
    expect(out.psnr.mean).toBeLessThan(100);
    expect(out.l1.n).toBe(2);
  });

  test('sets of different shapes are refused', () => {
    expect(() => perceive(both, set(image, shape))).toThrow(UserError);
    expect(() => perceive(both, set(image, shape))).toThrow('clean images are 2×32×32×3, triggered ones 1×32×32×3');
  });
});
