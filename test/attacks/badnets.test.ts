import { describe, expect, test } from 'vitest';
import { badnets } from '../../src/attacks/badnets.js';
import { UserError } from '../../src/base/errors.js';
import { settings, shape } from './helpers.js';

/** Pixels [y, x] at which two images differ. */
function changed(a: Float32Array, b: Float32Array, width: number, channels: number): [number, number][] {
  const at = new Set<number>();
  a.forEach((v, i) => {
    if (v !== b[i]) at.add(Math.floor(i / channels));
  });
  return [...at].map((p) => [Math.floor(p / width), p % width]);
}

/** A grey image: no pixel of it is red. */
const grey = (height = 32, width = 32, channels = 3) => new Float32Array(height * width * channels).fill(0.4);

describe('BadNets', () => {
  test('changes the 25 pixels of the top left corner to pure red, and no other', () => {
    const image = grey();
    const trigger = badnets.trigger(shape(), settings())!;
    for (const out of [trigger.train(image, 0), trigger.test(image, 0)]) {
      const pixels = changed(image, out, 32, 3);
      expect(pixels).toHaveLength(25);
      for (const [y, x] of pixels) {
        expect(Math.max(y, x)).toBeLessThan(5);
        expect([...out.subarray((y * 32 + x) * 3, (y * 32 + x) * 3 + 3)]).toEqual([1, 0, 0]);
      }
    }
    expect(image).toEqual(grey());
  });

  test.each([
    [64, 64, 10],
    [28, 28, 4],
    [224, 160, 25],
    [4, 4, 1],
  ])('on %i×%i images the patch keeps its share of the shorter side: %i pixels', (height, width, side) => {
    const image = grey(height, width);
    const out = badnets.trigger(shape(height, width), settings())!.train(image, 0);
    expect(changed(image, out, width, 3)).toHaveLength(side * side);
  });

  test('on one channel the patch has the luma of its colour', () => {
    const out = badnets.trigger(shape(28, 28, 1), settings())!.train(grey(28, 28, 1), 0);
    expect(out[0]).toBeCloseTo(0.299, 6);
    expect(out[4]).toBeCloseTo(0.4, 6);
  });

  test('the 3×3 white square at the bottom right is a matter of options', () => {
    const image = grey();
    const options = { size: '3', colour: '#FFFFFF', position: 'bottom-right' };
    const out = badnets.trigger(shape(), settings({ options }))!.train(image, 0);
    const pixels = changed(image, out, 32, 3);
    expect(pixels).toHaveLength(9);
    for (const [y, x] of pixels) expect(Math.min(y, x)).toBeGreaterThanOrEqual(29);
    expect(out.at(-1)).toBe(1);
  });

  test.each([
    [{ size: 0 }, 'attack "badnets": option size is 0: a whole number from 1 to 1024 is allowed'],
    [{ size: 2.5 }, 'option size is 2.5: a whole number'],
    [{ size: 'big' }, 'option size is "big": a whole number'],
    [{ size: '' }, 'option size is empty'],
    [{ size: 33 }, 'a patch of 33×33 does not fit images of 32×32'],
    [{ colour: 'rde' }, 'option colour is "rde": one of black, white, red'],
    [{ position: 'top' }, 'option position is "top": one of top-left'],
    [
      { colr: 'red' },
      'unknown option of attack "badnets" "colr": one of size, colour, position. Did you mean "colour"?',
    ],
  ])('options %j are refused: %s', (options, why) => {
    expect(() => badnets.trigger(shape(), settings({ options }))).toThrow(why);
    expect(() => badnets.trigger(shape(), settings({ options }))).toThrow(UserError);
  });
});
