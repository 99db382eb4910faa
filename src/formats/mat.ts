/**
 * MATLAB's MAT files of level 5 (versions 5 to 7): their numeric arrays, of either byte order, compressed or not.
 * https://www.mathworks.com/help/pdf_doc/matlab/matfile_format.pdf
 *
 * A header of 128 bytes, then elements. An element is a tag (type and size, uint32 each; up to 4 bytes of data are in the tag itself) and
 * data padded to 8 bytes. A variable is an element of elements: flags, dimensions, name, values. A compressed element is the zlib stream of
 * another. Values may be stored in a narrower type than the class of the array. Variables that are not numeric arrays (cells, text,
 * structures, sparse arrays) are ignored. Version 7.3 is HDF5 and is refused.
 */
import { shown, UserError } from '../base/errors.js';
import { inflateSized } from './inflate.js';
import type { TypedArray } from './npy.js';

/** A numeric array in column-major order: the first index runs fastest. */
export interface MatArray {
  data: TypedArray;
  shape: number[];
}

/** Storage types by number. */
const arrays: Record<number, { new (buffer: ArrayBuffer): TypedArray; BYTES_PER_ELEMENT: number }> = {
  1: Int8Array,
  2: Uint8Array,
  3: Int16Array,
  4: Uint16Array,
  5: Int32Array,
  6: Uint32Array,
  7: Float32Array,
  9: Float64Array,
  12: BigInt64Array,
  13: BigUint64Array,
};
const [INT8, INT32, UINT32, MATRIX, COMPRESSED] = [1, 5, 6, 14, 15];
/** Classes from double to uint64 are numeric. */
const isNumeric = (kind: number) => kind >= 6 && kind <= 15;
const COMPLEX = 0x800;

interface Element {
  type: number;
  data: Uint8Array;
}

/** Decodes the numeric arrays of a MAT file, by their names; `name` is the name of the file in errors. Throws `UserError`. */
export function decodeMat(bytes: Uint8Array, name = 'file'): Map<string, MatArray> {
  const fail = (why: string) => new UserError(`${name}: ${why}`);
  const text = Buffer.from(bytes.subarray(0, 128)).toString('latin1');
  if (text.startsWith('MATLAB 7.3') || text.startsWith('\x89HDF')) {
    throw fail('is a MAT file of version 7.3 (HDF5); save it with -v7');
  }
  const order = text.slice(126);
  if (bytes.length < 128 || (order !== 'IM' && order !== 'MI')) throw fail('is not a MAT file of version 5 to 7');
  const little = order === 'IM';
  const version = viewOf(bytes).getUint16(124, little);
  if (version !== 0x100) throw fail(`has the MAT version 0x${version.toString(16)}; 0x100 is expected`);

  const out = new Map<string, MatArray>();
  for (const element of elements(bytes.subarray(128), little, fail)) {
    const [variable] = element.type === COMPRESSED ? unpack(element.data, little, fail) : [element];
    if (variable.type !== MATRIX) continue;
    const read = matrix(variable.data, little, fail);
    if (read) out.set(read.name, read.array);
  }
  return out;
}

const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

function elements(bytes: Uint8Array, little: boolean, fail: (why: string) => UserError): Element[] {
  const view = viewOf(bytes);
  const out: Element[] = [];
  for (let at = 0; at < bytes.length; ) {
    if (at + 8 > bytes.length) throw fail('is truncated in the tag of an element');
    const word = view.getUint32(at, little);
    const small = word >>> 16;
    const type = word & 0xffff;
    const size = small || view.getUint32(at + 4, little);
    const from = at + (small ? 4 : 8);
    if (small > 4) throw fail(`has an element of ${small} bytes where at most 4 fit`);
    if (from + size > bytes.length) {
      throw fail(`is truncated: an element of ${size} bytes, ${bytes.length - from} are there`);
    }
    out.push({ type, data: bytes.subarray(from, from + size) });
    // Only compressed elements are not padded.
    at = small ? at + 8 : type === COMPRESSED ? from + size : from + Math.ceil(size / 8) * 8;
  }
  return out;
}

/** The one element in a zlib stream; its tag states its length. */
function unpack(packed: Uint8Array, little: boolean, fail: (why: string) => UserError): Element[] {
  const sizeOf = (head: Uint8Array) => {
    if (head.length < 8) throw fail('is truncated in a compressed element');
    return 8 + viewOf(head).getUint32(4, little);
  };
  return elements(inflateSized(packed, sizeOf, fail), little, fail);
}

function matrix(bytes: Uint8Array, little: boolean, fail: (why: string) => UserError) {
  const [flags, dimensions, title, values] = elements(bytes, little, fail);
  if (flags?.type !== UINT32 || flags.data.length !== 8) throw fail('has a variable without flags');
  const flag = viewOf(flags.data).getUint32(0, little);
  if (!isNumeric(flag & 0xff)) return null;
  if (dimensions?.type !== INT32 || title?.type !== INT8) throw fail('has a variable without dimensions or name');
  const name = new TextDecoder('latin1').decode(title.data);
  const where = `variable ${shown(name)}`;
  if (flag & COMPLEX) throw fail(`${where} is complex; real numbers are expected`);
  const Kind = arrays[values?.type];
  if (!Kind) throw fail(`${where} has no values of a known type`);

  const shape = Array.from(numbers(Int32Array, dimensions.data, little, fail), Number);
  const total = shape.reduce((a, b) => a * b, 1);
  if (shape.length < 2 || shape.some((d) => d < 0) || total * Kind.BYTES_PER_ELEMENT !== values.data.length) {
    throw fail(`${where}: ${values.data.length} bytes do not hold [${shape}] values of ${Kind.BYTES_PER_ELEMENT}`);
  }
  return { name, array: { data: numbers(Kind, values.data, little, fail), shape } };
}

/** The numbers in `bytes`: bytes as a view, wider types as an aligned copy in this machine's byte order. */
function numbers(
  Kind: (typeof arrays)[number],
  bytes: Uint8Array,
  little: boolean,
  fail: (why: string) => UserError,
): TypedArray {
  const width = Kind.BYTES_PER_ELEMENT;
  if (bytes.length % width) throw fail(`has ${bytes.length} bytes of ${width}-byte numbers`);
  if (Kind === arrays[2]) return new Uint8Array(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.length);
  const copy = Buffer.from(new Uint8Array(bytes).buffer);
  if (!little && width === 2) copy.swap16();
  if (!little && width === 4) copy.swap32();
  if (!little && width === 8) copy.swap64();
  return new Kind(copy.buffer as ArrayBuffer);
}
