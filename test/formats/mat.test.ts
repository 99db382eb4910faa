import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { UserError } from '../../src/base/errors.js';
import { decodeMat } from '../../src/formats/mat.js';

const golden = join(import.meta.dirname, '../golden/mat');
const bytes = (name: string) => readFileSync(join(golden, name));
const load = (name: string) => decodeMat(bytes(name), name);

/** −3 … 2 as [2, 3], first index fastest, as test/golden/mat.py stores it. */
const ramp = [-3, 0, -2, 1, -1, 2];
const wrapped = (kind: string) =>
  ramp.map((v) => (kind[0] === 'u' ? BigInt.asUintN(8 * Number(kind[1]), BigInt(v)) : v)).map(Number);

describe('MAT as SciPy and MATLAB write it', () => {
  const kinds = ['i1', 'u1', 'i2', 'u2', 'i4', 'u4', 'i8', 'u8', 'f4', 'f8'];
  test.each(['kinds.mat', 'kinds-compressed.mat'])('%s: numeric variables of every type, and no others', (file) => {
    const variables = load(file);
    expect([...variables.keys()]).toEqual(kinds.map((kind) => `a_${kind}`));
    for (const kind of kinds) {
      const { data, shape } = variables.get(`a_${kind}`)!;
      expect(shape).toEqual([2, 3]);
      expect(Array.from<number | bigint, number>(data, Number)).toEqual(wrapped(kind));
    }
  });

  test.each(['big.mat', 'big-plain.mat'])('%s, of the other byte order, holds the same numbers', (file) => {
    const variables = load(file);
    for (const name of ['ramp', 'short', 'long']) {
      expect(Array.from<number | bigint, number>(variables.get(name)!.data, Number)).toEqual(ramp);
    }
    // Doubles stored as bytes, which the format allows.
    expect(variables.get('y')).toEqual({ data: Uint8Array.of(10, 1, 2, 10, 9, 5), shape: [6, 1] });
  });

  test('four dimensions come in column-major order', () => {
    const { data, shape } = load('compressed.mat').get('X')!;
    expect(shape).toEqual([32, 32, 3, 6]);
    for (const [row, col, c, i] of [
      [0, 0, 0, 0],
      [31, 2, 1, 5],
      [7, 30, 2, 3],
    ]) {
      expect(data[row + 32 * (col + 32 * (c + 3 * i))]).toBe((row * 3 + col * 5 + c * 50 + i * 13) % 256);
    }
  });
});

describe('MAT that cannot be read', () => {
  const whole = bytes('kinds.mat');
  const header = (text: string, version: number) => {
    const head = Buffer.from(text.padEnd(128));
    head.writeUInt16LE(version, 124);
    head.write('IM', 126);
    return head;
  };
  /** A file of one compressed element. */
  const packed = (content: Uint8Array) => {
    const data = deflateSync(content);
    const tag = Buffer.alloc(8);
    tag.writeUInt32LE(15);
    tag.writeUInt32LE(data.length, 4);
    return Buffer.concat([whole.subarray(0, 128), tag, data]);
  };
  /** A matrix element that announces `size` bytes and has `there`. */
  const matrix = (size: number, there: number) => {
    const element = Buffer.alloc(8 + there);
    element.writeUInt32LE(14);
    element.writeUInt32LE(size, 4);
    return element;
  };

  test.each([
    [
      'version 7.3, text',
      header('MATLAB 7.3 MAT-file, Platform: GLNXA64', 0x200),
      /version 7.3 \(HDF5\); save it with/,
    ],
    ['HDF5 itself', Buffer.concat([Buffer.from('\x89HDF\r\n\x1a\n', 'latin1'), Buffer.alloc(600)]), /version 7.3/],
    ['another file', Buffer.alloc(300, 7), /not a MAT file/],
    ['an empty file', Buffer.alloc(0), /not a MAT file/],
    ['an unknown version', header('MATLAB 9', 0x300), /MAT version 0x300/],
    ['complex numbers', bytes('complex.mat'), /variable "X" is complex/],
    [
      'a small element beyond its tag',
      Buffer.concat([whole.subarray(0, 128), Buffer.from([2, 0, 9, 0, 1, 2, 3, 4])]),
      /9 bytes where at most 4 fit/,
    ],
    ['a compressed element that announces too little', packed(matrix(8, 4000)), /unpacks to more than the 16 bytes/],
    ['a compressed element that announces too much', packed(matrix(4000, 8)), /than the 4008 bytes it announces/],
    ['a bomb that announces 4 GiB', packed(matrix(2 ** 32 - 1, 1e6)), /announces 4294967303 bytes/],
    ['a bomb that hides what it is', packed(matrix(0, 5e7)), /unpacks to more than the 8 bytes/],
    ['a compressed element of nothing', packed(Buffer.alloc(0)), /truncated/],
    ['a matrix without parts', Buffer.concat([whole.subarray(0, 128), matrix(0, 0)]), /without flags/],
  ])('%s is refused with the reason', (_, file, why) => {
    expect(() => decodeMat(file, 'x.mat')).toThrow(why);
    expect(() => decodeMat(file, 'x.mat')).toThrow(UserError);
  });

  test.each(['kinds.mat', 'kinds-compressed.mat', 'big.mat'])(
    '%s cut anywhere loses variables or is refused',
    (file) => {
      const all = bytes(file);
      for (let length = 1; length < all.length; length += 11) {
        let names: string[] = [];
        try {
          names = [...decodeMat(all.subarray(0, length), 'cut.mat').keys()];
        } catch (error) {
          expect(error).toBeInstanceOf(UserError);
        }
        // Between two variables a cut cannot be told from an end.
        expect(names.length).toBeLessThan(10);
      }
    },
  );

  test('a damaged checksum of a compressed variable is noticed', () => {
    const file = Buffer.from(bytes('one.mat'));
    file[file.length - 1] ^= 1;
    expect(() => decodeMat(file, 'x.mat')).toThrow(/x.mat: is damaged or truncated/);
  });
});
