import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { UserError } from '../../src/base/errors.js';
import { Rng } from '../../src/base/random.js';
import { decodePlainPng, decodePng } from '../../src/formats/png.js';

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

describe('plain PNG', () => {
  const SIDE = 24;
  const plain = (file: Uint8Array, side = SIDE) => {
    const out = new Uint8Array(side * side * 3);
    return decodePlainPng(file, side, out) ? out : null;
  };
  /** Smooth and noisy in turn, so that an encoder that chooses filters takes all five. */
  const noisy = (channels: number) =>
    Uint8Array.from(
      { length: SIDE * SIDE * channels },
      (_, at) => (at * 5 + (at % 7 > 3 ? (at * at * 31) % 90 : 0)) % 256,
    );

  test.each([
    [1, 0],
    [1, 9],
    [3, 0],
    [3, 9],
  ] as const)('of %i channels has the pixels that sharp reads (level %i)', async (channels, compressionLevel) => {
    const file = await sharp(noisy(channels), { raw: { width: SIDE, height: SIDE, channels } })
      .toColourspace(channels === 1 ? 'b-w' : 'srgb')
      .png({ adaptiveFiltering: true, compressionLevel })
      .toBuffer();
    const pixels = await sharp(file).toColourspace('srgb').raw().toBuffer();
    expect(plain(file)).toEqual(new Uint8Array(pixels));
  });

  test('is not read where it is of another size or kind, or damaged anywhere', async () => {
    const raw = { width: SIDE, height: SIDE, channels: 3 } as const;
    const file = await sharp(noisy(3), { raw }).png().toBuffer();
    expect(plain(file, SIDE + 1)).toBeNull();
    expect(plain(file.subarray(0, -13))).toBeNull();
    for (let at = 0; at < file.length - 12; at += 3) {
      const changed = Buffer.from(file);
      changed[at] ^= 64;
      expect(plain(changed), `byte ${at}`).toBeNull();
    }
    for (const other of [
      await sharp(noisy(3), { raw }).ensureAlpha().png().toBuffer(),
      await sharp(noisy(3), { raw }).png({ palette: true }).toBuffer(),
      await sharp(noisy(3), { raw }).png({ progressive: true }).toBuffer(),
      await sharp(noisy(3), { raw }).withMetadata({ orientation: 6 }).png().toBuffer(),
      await sharp(noisy(3), { raw }).withIccProfile('p3').png().toBuffer(),
    ])
      expect(plain(other)).toBeNull();
  });
});
