/**
 * IDX, the format of MNIST: one array of bytes, plain or gzipped. http://yann.lecun.com/exdb/mnist/
 *
 * Two zero bytes, the type, the number of dimensions; the dimensions as big-endian uint32; the data in C order. Only type 8 is supported,
 * unsigned bytes, which all data sets use.
 */
import { UserError } from '../base/errors.js';
import { inflateSized } from './inflate.js';

export interface IdxArray {
  data: Uint8Array;
  shape: number[];
}

/** Decodes the bytes of an IDX file, gzipped or not; `name` is the name in errors. Throws `UserError`. */
export function decodeIdx(bytes: Uint8Array, name = 'array'): IdxArray {
  const fail = (why: string) => new UserError(`${name}: ${why}`);
  const header = (head: Uint8Array) => {
    if (head.length < 4 || head[0] || head[1]) throw fail('is not an IDX file');
    if (head[2] !== 8) throw fail(`has the IDX type ${head[2]}; 8, unsigned bytes, is expected`);
    const rank = head[3];
    const start = 4 + 4 * rank;
    if (!rank || head.length < start) throw fail('is truncated in its header');
    const view = new DataView(head.buffer, head.byteOffset);
    const shape = Array.from({ length: rank }, (_, k) => view.getUint32(4 + 4 * k));
    const size = start + shape.reduce((a, b) => a * b, 1);
    if (!Number.isSafeInteger(size)) throw fail(`has the shape (${shape}), which is too large`);
    return { shape, start, size };
  };
  const gzipped = bytes[0] === 0x1f && bytes[1] === 0x8b;
  const plain = gzipped ? inflateSized(bytes, (head) => header(head).size, fail) : bytes;
  const { shape, start, size } = header(plain);
  if (plain.length !== size) {
    const what = plain.length < size ? 'is truncated' : 'continues after its data';
    throw fail(`${what}: shape (${shape}) takes ${size} bytes, ${plain.length} are there`);
  }
  return { data: plain.subarray(start), shape };
}
