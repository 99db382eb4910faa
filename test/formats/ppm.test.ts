import { describe, expect, test } from 'vitest';
import { UserError } from '../../src/base/errors.js';
import { decodePpm } from '../../src/formats/ppm.js';

const pixels = Array.from({ length: 18 }, (_, i) => i * 14);
const ppm = (head: string, data: number[] = pixels) => Buffer.concat([Buffer.from(head), Buffer.from(data)]);

describe('PPM', () => {
  test.each([
    ['as GTSRB has it', 'P6\n3 2\n255\n'],
    ['with other white space', 'P6 3\t2\r\n255 '],
    ['with comments', 'P6\n# made by hand\n3 # across\n2\n#\n255\n'],
  ])('%s', (_, head) => {
    expect(decodePpm(ppm(head))).toEqual({ width: 3, height: 2, channels: 3, data: Uint8Array.from(pixels) });
  });

  test('a pixel that looks like white space or a comment is a pixel', () => {
    const data = [10, 32, 35, ...pixels.slice(3)];
    expect([...decodePpm(ppm('P6 3 2 255\n', data)).data]).toEqual(data);
  });

  test('a smaller largest value is scaled to 255', () => {
    expect([...decodePpm(ppm('P6 1 2 5\n', [0, 1, 2, 3, 4, 5])).data]).toEqual([0, 51, 102, 153, 204, 255]);
  });

  test('what follows the picture is not read', () => {
    expect(decodePpm(ppm('P6 3 2 255\n', [...pixels, 10])).data).toHaveLength(18);
  });

  test.each([
    ['text pixels (P3)', ppm('P3 1 1 255\n1 2 3'), /is not a PPM file of the kind P6 or P5/],
    ['an empty file', Buffer.alloc(0), /is not a PPM file/],
    ['a header without end', ppm('P6 3 2', []), /invalid PPM header/],
    ['a negative width', ppm('P6 -3 2 255\n'), /invalid PPM header/],
    ['a width of nothing', ppm('P6 0 2 255\n'), /is 2×0; sides/],
    ['a width beyond memory', ppm('P6 99999999999999999999 2 255\n'), /sides from 1 to 16384/],
    ['values of 16 bits', ppm('P6 3 2 65535\n'), /largest value 65535/],
    ['a value above the largest', ppm('P6 3 2 100\n'), /value 112, above its largest of 100/],
    ['pixels that end early', ppm('P6 3 3 255\n'), /3×3 pixels take 27 bytes, 18 are there/],
  ])('%s is refused with the reason', (_, file, why) => {
    expect(() => decodePpm(file, 'x.ppm')).toThrow(why);
    expect(() => decodePpm(file, 'x.ppm')).toThrow(UserError);
  });
});
