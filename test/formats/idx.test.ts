import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { UserError } from '../../src/base/errors.js';
import { decodeIdx } from '../../src/formats/idx.js';

/** http://yann.lecun.com/exdb/mnist/: 0, 0, type, rank, sizes as big-endian uint32, data. */
const idx = (shape: number[], data: ArrayLike<number>, type = 8) => {
  const sizes = Buffer.alloc(4 * shape.length);
  shape.forEach((d, k) => {
    sizes.writeUInt32BE(d, 4 * k);
  });
  return Buffer.concat([Buffer.from([0, 0, type, shape.length]), sizes, Buffer.from(data as number[])]);
};
const ramp = Array.from({ length: 24 }, (_, i) => i);

describe('IDX', () => {
  test.each([
    ['plain', idx([2, 3, 4], ramp)],
    ['gzipped', gzipSync(idx([2, 3, 4], ramp))],
  ])('%s: shape and bytes', (_, file) => {
    const { data, shape } = decodeIdx(file);
    expect(shape).toEqual([2, 3, 4]);
    expect([...data]).toEqual(ramp);
  });

  const liar = gzipSync(idx([10], new Uint8Array(1e7)));
  const stop = gzipSync(idx([1000], ramp));
  test.each([
    ['another file', Buffer.from('hello world'), /is not an IDX file/],
    ['an empty file', Buffer.alloc(0), /is not an IDX file/],
    ['floats', idx([1], [0, 0, 0, 0], 13), /IDX type 13/],
    ['no dimensions', idx([], []), /truncated in its header/],
    ['a header that ends early', idx([2, 3, 4], ramp).subarray(0, 10), /truncated in its header/],
    ['data that ends early', idx([2, 3, 4], ramp).subarray(0, -1), /shape \(2,3,4\) takes 40 bytes, 39 are there/],
    ['data that goes on', idx([2, 3, 4], [...ramp, 1]), /continues after its data/],
    ['a shape beyond numbers', idx(Array(60).fill(2 ** 32 - 1), []), /too large/],
    ['gzip that ends early', gzipSync(idx([2, 3, 4], ramp)).subarray(0, -9), /damaged or truncated|unpacks to/],
    ['gzip of less than it announces', stop, /unpacks to 32 than the 1008 bytes|announces/],
    ['gzip that goes on: a bomb', liar, /unpacks to more than the 18 bytes it announces/],
    ['gzip that announces a bomb', gzipSync(idx([2 ** 31], ramp)), /announces 2147483656 bytes/],
    [
      'gzip with a wrong checksum',
      Buffer.concat([gzipSync(idx([4], ramp.slice(0, 4))).subarray(0, -8), Buffer.alloc(8)]),
      /incorrect data check/,
    ],
  ])('%s is refused with the reason', (_, file, why) => {
    expect(() => decodeIdx(file, 'x')).toThrow(why);
    expect(() => decodeIdx(file, 'x')).toThrow(UserError);
  });
});
