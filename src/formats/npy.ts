/**
 * NumPy's NPY format, versions 1 to 3: one array in one file.
 * https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
 *
 * Supported are booleans, integers of 1 to 8 bytes and floats of 2, 4 and 8 bytes, in either byte order, in C or Fortran order. Decoded
 * arrays are in C order, and half floats become float32. Encoded arrays are little-endian in C order.
 */
import { readFile } from 'node:fs/promises';
import { UserError } from '../base/errors.js';

/** Element kinds as NumPy writes them, without the byte order. */
export type NpyDtype = 'b1' | 'u1' | 'i1' | 'u2' | 'i2' | 'u4' | 'i4' | 'u8' | 'i8' | 'f4' | 'f8';

/** Typed arrays of all supported element types. */
export type TypedArray =
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | BigUint64Array
  | BigInt64Array
  | Float32Array
  | Float64Array;

/** An array in C order. `b1` is a Uint8Array of 0 and 1; `u8` and `i8` hold BigInts. */
export interface NdArray {
  data: TypedArray;
  shape: number[];
  dtype: NpyDtype;
}

const arrays = {
  b1: Uint8Array,
  u1: Uint8Array,
  i1: Int8Array,
  u2: Uint16Array,
  i2: Int16Array,
  u4: Uint32Array,
  i4: Int32Array,
  u8: BigUint64Array,
  i8: BigInt64Array,
  f4: Float32Array,
  f8: Float64Array,
} as const;

const dtypes = Object.keys(arrays) as NpyDtype[];
const readable = [...dtypes, 'f2'];
const count = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);

/** A typed array with a shape. The dtype follows from the array; pass `b1` for booleans stored as 0 and 1. Throws `UserError` for a wrong shape. */
export function ndarray(data: TypedArray, shape: readonly number[], dtype?: NpyDtype): NdArray {
  const kind = dtype ?? dtypes.find((d) => d !== 'b1' && data instanceof arrays[d])!;
  if (count(shape) !== data.length) throw new UserError(`shape [${shape}] does not hold ${data.length} elements`);
  return { data, shape: [...shape], dtype: kind };
}

/** Reads an `.npy` file. Throws `UserError` for a file that is missing or truncated, is not NPY, or contains Python objects. */
export async function readNpy(path: string): Promise<NdArray> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (error) {
    throw new UserError(`${path}: ${(error as NodeJS.ErrnoException).code === 'ENOENT' ? 'no such file' : error}`);
  }
  return decodeNpy(bytes, path);
}

/** Decodes the bytes of an `.npy` file; `name` is its name in errors. Throws `UserError` as `readNpy`. */
export function decodeNpy(bytes: Uint8Array, name = 'array'): NdArray {
  const fail = (why: string) => new UserError(`${name}: ${why}`);
  const magic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];
  if (bytes.length < 10 || magic.some((b, i) => bytes[i] !== b)) throw fail('is not an NPY file');
  const version = bytes[6];
  if (version < 1 || version > 3) throw fail(`NPY version ${version}: versions 1, 2 and 3 are known`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const start = version === 1 ? 10 : 12;
  if (bytes.length < start) throw fail('is truncated in its header');
  const length = version === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  const begin = start + length;
  if (bytes.length < begin) throw fail('is truncated in its header');
  const header = new TextDecoder(version === 3 ? 'utf-8' : 'latin1').decode(bytes.subarray(start, begin));

  const descr = /['"]descr['"]\s*:\s*(?:'([^']*)'|"([^"]*)")/.exec(header);
  const fortran = /['"]fortran_order['"]\s*:\s*(True|False)/.exec(header);
  const dims = /['"]shape['"]\s*:\s*\(([\d,\sL]*)\)/.exec(header);
  if (/['"]descr['"]\s*:\s*\[/.test(header)) throw fail('holds records with fields; plain numbers are expected');
  if (!descr || !fortran || !dims) throw fail('has an invalid NPY header');
  const shape = [...dims[1].matchAll(/\d+/g)].map(Number);
  return arrayOf({ type: descr[1] ?? descr[2], shape, fortran: fortran[1] === 'True' }, bytes.subarray(begin), fail);
}

/**
 * The array in `bytes`, which may be longer than it. `type`: as NumPy writes it, `<f4`; `fail` makes the error from its reason. Throws what
 * `fail` makes for an unknown type and for too few bytes.
 */
export function arrayOf(
  { type, shape, fortran }: { type: string; shape: number[]; fortran: boolean },
  bytes: Uint8Array,
  fail: (why: string) => Error,
): NdArray {
  const kind = type.replace(/^[<>=|]/, '');
  if (kind.startsWith('O')) throw fail('holds Python objects (pickle), which are never loaded; save plain numbers');
  if (kind === 'V2') throw fail('has the dtype "V2", as bfloat16 is saved; save it as float32');
  if (!readable.includes(kind))
    throw fail(`has the dtype ${JSON.stringify(type)}: one of ${readable.join(', ')} is expected`);

  const width = Number(kind[1]);
  const total = count(shape);
  if (!Number.isSafeInteger(total * width)) throw fail(`has the shape (${shape}), which is too large`);
  if (bytes.length < total * width)
    throw fail(`is truncated: shape (${shape}) of ${kind} takes ${total * width} bytes, ${bytes.length} are there`);
  // A copy, which is aligned, does not keep the file's buffer alive, and may be swapped in place.
  const data = valuesOf(kind as StoredDtype, new Uint8Array(bytes.subarray(0, total * width)), type[0] === '>');
  const dtype = kind === 'f2' ? 'f4' : (kind as NpyDtype);
  return { data: fortran ? fromFortran(data, shape) : data, shape, dtype };
}

/** Dtypes of bytes that become one of `NpyDtype`: half and brain floats become float32. */
export type StoredDtype = NpyDtype | 'f2' | 'bf2';

/** The values in `raw`, which owns its buffer from byte 0 and is changed in place. */
export function valuesOf(kind: StoredDtype, raw: Uint8Array<ArrayBuffer>, bigEndian: boolean): TypedArray {
  const width = Number(kind.slice(-1));
  if (bigEndian && width > 1) swap(raw, width);
  if (kind === 'f2') return widenHalf(new Uint16Array(raw.buffer));
  if (kind === 'bf2') return widenBrain(new Uint16Array(raw.buffer));
  const data = new arrays[kind](raw.buffer);
  if (kind === 'b1') for (let i = 0; i < data.length; i++) data[i] = data[i] ? 1 : 0;
  return data;
}

/** The bytes of an `.npy` file of version 1: little-endian, C order, data aligned to 64 bytes as NumPy does. */
export function encodeNpy({ data, shape, dtype }: NdArray): Uint8Array {
  const order = dtype[1] === '1' ? '|' : '<';
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`;
  const header = `{'descr': '${order}${dtype}', 'fortran_order': False, 'shape': ${tuple}, }`;
  const length = Math.ceil((10 + header.length + 1) / 64) * 64 - 10;
  const out = new Uint8Array(10 + length + data.byteLength);
  out.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, length & 255, length >> 8]);
  out.set(new TextEncoder().encode(`${header.padEnd(length - 1)}\n`), 10);
  out.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), 10 + length);
  return out;
}

function swap(raw: Uint8Array, width: number): void {
  for (let i = 0; i < raw.length; i += width) raw.subarray(i, i + width).reverse();
}

/** bfloat16 → single: the upper half of its bits. */
export const widenBrain = (brains: Uint16Array): Float32Array =>
  new Float32Array(Uint32Array.from(brains, (b) => b << 16).buffer);

/** IEEE 754 half → single. */
export function widenHalf(halves: Uint16Array): Float32Array {
  return Float32Array.from(halves, (h) => {
    const sign = h & 0x8000 ? -1 : 1;
    const exponent = (h >> 10) & 31;
    const fraction = h & 1023;
    if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
    return sign * (exponent ? (1 + fraction / 1024) * 2 ** (exponent - 15) : fraction * 2 ** -24);
  });
}

/** Column-major → row-major. */
function fromFortran<A extends TypedArray>(data: A, shape: readonly number[]): A {
  const out = data.slice() as A;
  const index = new Array<number>(shape.length).fill(0);
  for (let i = 0; i < data.length; i++) {
    // `index` counts with the first axis fastest, the order of the data; `at` is the position of that element in C order.
    let at = 0;
    for (let k = 0; k < shape.length; k++) at = at * shape[k] + index[k];
    out[at] = data[i];
    for (let k = 0; k < shape.length && ++index[k] === shape[k]; k++) index[k] = 0;
  }
  return out;
}
