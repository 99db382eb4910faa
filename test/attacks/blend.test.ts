import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { blend } from '../../src/attacks/blend.js';
import type { Trigger } from '../../src/attacks/types.js';
import { UserError } from '../../src/base/errors.js';
import { encodeNpy, ndarray } from '../../src/formats/npy.js';
import { randomImage, settings, shape } from './helpers.js';

const folder = mkdtempSync(join(tmpdir(), 'ibscope-blend-'));
afterAll(() => rmSync(folder, { recursive: true }));
const make = (options: Record<string, unknown> = {}, seed = 0): Trigger =>
  blend.trigger(shape(), settings({ options, seed }))!;
const black = () => new Float32Array(3072);
const near = (a: ArrayLike<number>, b: ArrayLike<number>) => {
  for (let i = 0; i < a.length; i++) expect(Math.abs(a[i] - b[i])).toBeLessThan(1e-6);
};

describe('Blend', () => {
  test('is linear: the blend of a mixture is the mixture of the blends', () => {
    const { train } = make();
    const [a, b] = [randomImage(shape(), 1), randomImage(shape(), 2)];
    const mixture = a.map((v, i) => 0.25 * v + 0.75 * b[i]);
    const [ta, tb] = [train(a, 0), train(b, 1)];
    near(
      train(mixture, 2),
      ta.map((v, i) => 0.25 * v + 0.75 * tb[i]),
    );
  });

  test('keeps 0.7 of the image and adds 0.3 of one noise image, the same for all images, training and test', () => {
    const { train, test: atTest } = make();
    const mask = train(black(), 0).map((v) => v / 0.3);
    const image = randomImage(shape(), 3);
    const expected = image.map((v, i) => 0.7 * v + 0.3 * mask[i]);
    near(train(image, 7), expected);
    near(atTest(image, 123), expected);
    expect(make({ alpha: 0 }).train(image, 0)).toEqual(image);
  });

  test('its noise is grey, uniform over 0 … 255 in whole steps, and uncorrelated between neighbours', () => {
    const mask = make({ alpha: 1 }).train(black(), 0);
    const grey = Array.from({ length: 1024 }, (_, p) => mask[3 * p] * 255);
    for (let p = 0; p < 1024; p++) {
      expect(mask[3 * p + 1]).toBe(mask[3 * p]);
      expect(mask[3 * p + 2]).toBe(mask[3 * p]);
      expect(Math.abs(grey[p] - Math.round(grey[p]))).toBeLessThan(1e-4);
    }
    const mean = grey.reduce((a, b) => a + b) / 1024;
    const variance = grey.reduce((a, b) => a + (b - mean) ** 2, 0) / 1024;
    // Uniform on 0 … 255: mean 127.5 (standard error 2.3), standard deviation 73.9.
    expect(Math.abs(mean - 127.5)).toBeLessThan(9);
    expect(Math.abs(Math.sqrt(variance) - 73.9)).toBeLessThan(5);
    const lag = grey.slice(1).reduce((a, v, p) => a + (v - mean) * (grey[p] - mean), 0) / (1024 * variance);
    expect(Math.abs(lag)).toBeLessThan(0.13);
  });

  test('another seed draws another noise image, the same seed the same', () => {
    expect(make({}, 1).train(black(), 0)).toEqual(make({}, 1).train(black(), 0));
    expect(make({}, 1).train(black(), 0)).not.toEqual(make({}, 2).train(black(), 0));
  });

  test('a picture of colours from a file takes the place of the noise', () => {
    const path = join(folder, 'picture.npy');
    const picture = randomImage(shape(), 4);
    writeFileSync(path, encodeNpy(ndarray(picture, [32, 32, 3])));
    const image = randomImage(shape(), 5);
    near(
      make({ alpha: '0.2', mask: path }).train(image, 0),
      image.map((v, i) => 0.8 * v + 0.2 * picture[i]),
    );
  });

  const file = (name: string, array: Parameters<typeof encodeNpy>[0]) => {
    writeFileSync(join(folder, name), encodeNpy(array));
    return join(folder, name);
  };
  test.each([
    [{ alpha: 1.5 }, 'option alpha is 1.5: a number from 0 to 1 is allowed'],
    [{ alpha: 'x' }, 'option alpha is "x": a number from 0 to 1'],
    [{ mask: '/nowhere.npy' }, '/nowhere.npy: no such file'],
    [
      { mask: file('small.npy', ndarray(new Uint8Array(256), [16, 16])) },
      'shape [16,16], images need [32,32] or [32,32,3]',
    ],
    [{ mask: file('int.npy', ndarray(new Int32Array(1024), [32, 32])) }, 'dtype i4, uint8 or float'],
    [{ mask: file('loud.npy', ndarray(new Float32Array(1024).fill(2), [32, 32])) }, 'values outside [0, 1]'],
  ])('options %j are refused', (options, why) => {
    expect(() => make(options)).toThrow(why);
    expect(() => make(options)).toThrow(UserError);
  });
});
