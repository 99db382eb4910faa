import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { UserError } from '../../src/base/errors.js';
import { Rng } from '../../src/base/random.js';
import { decodePng } from '../../src/formats/png.js';

const rng = new Rng(0, 'png');
const noise = (n: number) => Uint8Array.from({ length: n }, (_, i) => (i + rng.int(40)) % 256);
const raw = (channels: 1 | 3 | 4, width = 13, height = 9) =>
  sharp(noise(width * height * channels), { raw: { width, height, channels } });

describe('PNG', () => {
  const kinds: [string, () => Promise<Buffer>][] = [
    ['RGB', () => raw(3).png().toBuffer()],
    ['RGB with every row filter', () => raw(3, 40, 40).png({ adaptiveFiltering: true }).toBuffer()],
    ['RGBA', () => raw(4).png().toBuffer()],
    ['grey', () => raw(1).toColourspace('b-w').png().toBuffer()],
    ['palette', () => raw(3).png({ palette: true, colours: 200 }).toBuffer()],
    ['palette of 4 bits', () => raw(3).png({ palette: true, colours: 12 }).toBuffer()],
    ['palette of 1 bit', () => raw(3).png({ palette: true, colours: 2 }).toBuffer()],
    ['palette with transparency', () => raw(4).png({ palette: true }).toBuffer()],
    ['16 bits', () => raw(3).toColourspace('rgb16').png().toBuffer()],
  ];
  test.each(kinds)('%s is decoded as libvips decodes it', async (_, make) => {
    const file = await make();
    const expected = await sharp(file)
      .ensureAlpha()
      .toColourspace('srgb')
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true });
    const { height, width, data } = decodePng(file);
    expect([height, width, expected.info.channels]).toEqual([expected.info.height, expected.info.width, 4]);
    expect(Buffer.from(data)).toEqual(expected.data);
  });

  test('what is no PNG, cut, damaged or interlaced is refused with the reason', async () => {
    const file = await raw(3).png().toBuffer();
    expect(() => decodePng(Buffer.from('GIF89a and more than thirty-three bytes'), 'a.png')).toThrow(
      'a.png: is not a PNG',
    );
    for (let length = 0; length < file.length - 1; length += 5) {
      expect(() => decodePng(file.subarray(0, length))).toThrow(UserError);
    }
    const damaged = Buffer.from(file);
    damaged.fill(0x55, file.indexOf('IDAT') + 6, file.indexOf('IDAT') + 40);
    expect(() => decodePng(damaged, 'a.png')).toThrow(UserError);
    expect(() => decodePng(Buffer.from([...file.subarray(0, 16), 0, 1, 0, 0, ...file.subarray(20)]))).toThrow(
      /sides from 1/,
    );
    const interlaced = await raw(3).png({ progressive: true }).toBuffer();
    expect(() => decodePng(interlaced)).toThrow(/interlaced/);
  });
});
