/** BMP files that Pillow wrote, against the pixels that Pillow reads from them (`test/golden/pictures.py`); and damaged ones. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { UserError } from '../../src/base/errors.js';
import { Rng } from '../../src/base/random.js';
import { decodeBmp } from '../../src/formats/bmp.js';

const golden = (name: string) => new Uint8Array(readFileSync(join(import.meta.dirname, `../golden/pictures/${name}`)));
const NAMES = ['24', '8', 'grey', '1'].flatMap((kind) => [`square-${kind}.bmp`, `odd-${kind}.bmp`]);

describe('BMP', () => {
  test.each([...NAMES, 'square-32.bmp'])('%s has the pixels that Pillow reads', (name) => {
    const { width, height, channels, data } = decodeBmp(golden(name));
    expect([height, width, channels]).toEqual(name.startsWith('odd') ? [3, 5, 3] : [32, 32, 3]);
    expect(data).toEqual(golden(`${name}.rgb`));
  });

  test('with a negative height stands top down', () => {
    const up = golden('odd-24.bmp');
    const down = up.slice();
    new DataView(down.buffer).setInt32(22, -3, true);
    for (let y = 0; y < 3; y++) down.set(up.subarray(54 + 16 * (2 - y), 54 + 16 * (3 - y)), 54 + 16 * y);
    expect(decodeBmp(down)).toEqual(decodeBmp(up));
  });

  test('4 bits, and 16 bits by masks, as the definition has them', () => {
    const header = (bits: number, compression: number, extra: number) => {
      const head = Buffer.alloc(54 + extra);
      head.write('BM');
      head.writeUInt32LE(54 + extra, 10);
      head.writeUInt32LE(40, 14);
      head.writeInt32LE(2, 18);
      head.writeInt32LE(1, 22);
      head.writeUInt16LE(1, 26);
      head.writeUInt16LE(bits, 28);
      head.writeUInt32LE(compression, 30);
      return head;
    };
    const four = Buffer.concat([header(4, 0, 64), Buffer.from([0x1f, 0, 0, 0])]);
    four.set([30, 20, 10, 0], 54 + 4);
    four.set([3, 2, 1, 0], 54 + 4 * 15);
    expect([...decodeBmp(four).data]).toEqual([10, 20, 30, 1, 2, 3]);
    const masks = header(16, 3, 12);
    [0xf800, 0x7e0, 0x1f].forEach((mask, k) => {
      masks.writeUInt32LE(mask, 54 + 4 * k);
    });
    const pixels = Buffer.alloc(4);
    pixels.writeUInt16LE(0xf800 | 0x1f, 0);
    pixels.writeUInt16LE(0x7e0, 2);
    expect([...decodeBmp(Buffer.concat([masks, pixels])).data]).toEqual([255, 0, 255, 0, 255, 0]);
    const plain = Buffer.concat([header(16, 0, 0), pixels.fill(0xff, 0, 2).fill(0, 2)]);
    plain.writeUInt16LE(0x7fff, 54);
    expect([...decodeBmp(plain).data]).toEqual([255, 255, 255, 0, 0, 0]);
  });

  const changed = (change: (view: DataView) => void) => {
    const bytes = golden('odd-24.bmp');
    change(new DataView(bytes.buffer));
    return bytes;
  };
  test.each<[string, Uint8Array, RegExp]>([
    ['a PNG', Uint8Array.from([0x89, 0x50, 0x4e, 0x47]), /is not a BMP file/],
    ['only a name', Uint8Array.from([0x42, 0x4d]), /is truncated in its header/],
    ['cut pixels', golden('odd-24.bmp').subarray(0, 90), /is truncated: 3×5 pixels take 48 bytes, 36 are there/],
    [
      'a run-length code',
      changed((v) => v.setUint32(30, 1, true)),
      /is a compressed BMP, which is not read; save it as PNG/,
    ],
    ['sides beyond memory', changed((v) => v.setInt32(18, 1 << 30, true)), /is 3×1073741824; sides from 1 to 16384/],
    ['no width', changed((v) => v.setInt32(18, 0, true)), /is 3×0; sides/],
    ['a strange depth', changed((v) => v.setUint16(28, 7, true)), /has 7 bits a pixel/],
    [
      'a palette that is too short',
      (() => {
        const bytes = golden('odd-8.bmp');
        new DataView(bytes.buffer).setUint32(10, 58, true);
        return bytes;
      })(),
      /has the colour \d+ of a palette of 1/,
    ],
  ])('%s is refused with the reason', (_, bytes, why) => {
    expect(() => decodeBmp(bytes, 'x.bmp')).toThrow(why);
    expect(() => decodeBmp(bytes, 'x.bmp')).toThrow(UserError);
  });

  test('any damage is read or refused in one line', () => {
    const rng = new Rng(0, 'bmp');
    for (const name of [...NAMES, 'square-32.bmp'])
      for (let round = 0; round < 200; round++) {
        const bytes = golden(name).slice(0, round % 4 === 0 ? rng.int(200) : undefined);
        for (let k = 0; k < 3 && bytes.length > 0; k++) bytes[rng.int(Math.min(bytes.length, 80))] = rng.int(256);
        try {
          decodeBmp(bytes, 'x');
        } catch (error) {
          expect((error as Error).name).toBe('UserError');
        }
      }
  });
});
