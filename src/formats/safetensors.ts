/**
 * safetensors: named tensors in one file. https://github.com/huggingface/safetensors#format
 *
 * The header length N (8 bytes, little-endian), N bytes of JSON ({name: {dtype, shape, data_offsets}} and `__metadata__`, padded with spaces
 * to a multiple of 8), then the data in C order, little-endian, without gaps. Tensors are in the order of the official library: widest
 * dtype first, then by name. Each is then aligned and can be read without a copy.
 */
import { readFile } from 'node:fs/promises';
import { shown, UserError } from '../base/errors.js';
import { writeAtomic } from './files.js';
import { widenBrain, widenHalf } from './npy.js';

/** Array types by dtype, in the order of the official library. */
const arrays = {
  I64: BigInt64Array,
  F64: Float64Array,
  F32: Float32Array,
  I32: Int32Array,
  U8: Uint8Array,
  BOOL: Uint8Array,
} as const;

/** Kinds of elements that a file may hold. */
export type TensorDtype = keyof typeof arrays;

/** A tensor in C order. BOOL is a Uint8Array of 0 and 1; I64 holds BigInts. */
export interface Tensor {
  dtype: TensorDtype;
  shape: number[];
  data: Float64Array | BigInt64Array | Float32Array | Int32Array | Uint8Array;
}

/** The content of a `.safetensors` file. */
export interface TensorFile {
  tensors: Record<string, Tensor>;
  /** The header's `__metadata__`: text by name. */
  metadata: Record<string, string>;
}

/** Floats of 16 bits are read as F32, which holds each of them exactly. */
const NARROW = { F16: widenHalf, BF16: widenBrain } as const;

const known = [...Object.keys(arrays), ...Object.keys(NARROW)].join(', ');
const count = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);

/** A tensor with the dtype of its array (a Uint8Array is U8; pass `BOOL` for flags). */
export function tensor(data: Tensor['data'], shape: readonly number[], dtype?: TensorDtype): Tensor {
  const kind = dtype ?? (Object.keys(arrays) as TensorDtype[]).find((d) => data instanceof arrays[d])!;
  return { dtype: kind, shape: [...shape], data };
}

/** Arrays with shapes, by name, as tensors. */
export function asTensors(
  values: Record<string, { data: Tensor['data']; shape: readonly number[] }>,
): Record<string, Tensor> {
  return Object.fromEntries(Object.entries(values).map(([name, { data, shape }]) => [name, tensor(data, shape)]));
}

/** The file as chunks in order, so that large tensors are written without another copy. */
function chunks(tensors: Record<string, Tensor>, metadata: Record<string, string>): Uint8Array[] {
  const ranks = Object.keys(arrays);
  const rank = (name: string) => ranks.indexOf(tensors[name].dtype);
  const names = Object.keys(tensors).sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
  const header: Record<string, unknown> = Object.keys(metadata).length ? { __metadata__: metadata } : {};
  const data: Uint8Array[] = [];
  let at = 0;
  for (const name of names) {
    const { dtype, shape, data: values } = tensors[name];
    if (name === '__metadata__') throw new UserError('a tensor cannot be called __metadata__');
    if (!(values instanceof arrays[dtype]) || count(shape) !== values.length) {
      throw new UserError(`tensor "${name}": ${values.length} values do not fit ${dtype} [${shape}]`);
    }
    header[name] = { dtype, shape, data_offsets: [at, at + values.byteLength] };
    data.push(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
    at += values.byteLength;
  }
  const json = Buffer.from(JSON.stringify(header));
  const head = Buffer.alloc(8 + Math.ceil(json.length / 8) * 8, ' ');
  head.writeBigUInt64LE(BigInt(head.length - 8));
  json.copy(head, 8);
  return [head, ...data];
}

/** The bytes of a `.safetensors` file. */
export function encodeSafetensors(tensors: Record<string, Tensor>, metadata: Record<string, string> = {}): Uint8Array {
  return new Uint8Array(Buffer.concat(chunks(tensors, metadata)));
}

/** Writes a `.safetensors` file, completely or not at all. */
export async function writeSafetensors(
  path: string,
  tensors: Record<string, Tensor>,
  metadata: Record<string, string> = {},
): Promise<void> {
  await writeAtomic(path, chunks(tensors, metadata));
}

/** Reads a `.safetensors` file. Throws `UserError` for a file that is missing, truncated or inconsistent. */
export async function readSafetensors(path: string): Promise<TensorFile> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (error) {
    throw new UserError(`${path}: ${(error as NodeJS.ErrnoException).code === 'ENOENT' ? 'no such file' : error}`);
  }
  return decodeSafetensors(bytes, path);
}

/** Decodes the bytes of a `.safetensors` file; F16 and BF16 become F32. Aligned tensors share its memory. Throws `UserError` as `readSafetensors`. */
export function decodeSafetensors(bytes: Uint8Array, name = 'tensors'): TensorFile {
  const fail = (why: string) => new UserError(`${name}: ${why}`);
  if (bytes.length < 8) throw fail('is truncated: a safetensors file begins with 8 bytes of header length');
  const length = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
  if (length > BigInt(bytes.length - 8)) {
    throw fail(`is truncated or not a safetensors file: a header of ${length} bytes in a file of ${bytes.length}`);
  }
  const begin = 8 + Number(length);
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(8, begin)));
  } catch {
    throw fail('is not a safetensors file: its header is not JSON');
  }
  if (typeof header !== 'object' || header === null || Array.isArray(header)) throw fail('its header is not an object');

  const { __metadata__: metadata = {}, ...entries } = header as Record<string, unknown>;
  if (typeof metadata !== 'object' || metadata === null || Object.values(metadata).some((v) => typeof v !== 'string')) {
    throw fail('its __metadata__ is not a table of text');
  }
  const spans: { tensor: string; from: number; to: number }[] = [];
  const tensors: [name: string, Tensor][] = [];
  for (const [tensor, entry] of Object.entries(entries)) {
    const where = `tensor ${shown(tensor)}`;
    const { dtype, shape, data_offsets: offsets } = (entry ?? {}) as Record<string, unknown>;
    if (!whole(shape) || !whole(offsets) || offsets.length !== 2) throw fail(`${where} has no valid shape and offsets`);
    const narrow = typeof dtype === 'string' && Object.hasOwn(NARROW, dtype) ? NARROW[dtype as 'F16'] : null;
    if (!narrow && !(typeof dtype === 'string' && Object.hasOwn(arrays, dtype))) {
      throw fail(`${where} has the dtype ${JSON.stringify(dtype)}: one of ${known} is expected`);
    }
    const Kind = narrow ? Uint16Array : arrays[dtype as TensorDtype];
    const [from, to] = offsets;
    const needed = count(shape) * Kind.BYTES_PER_ELEMENT;
    if (to - from !== needed) {
      throw fail(`${where}: ${dtype} [${shape}] takes ${needed} bytes, its offsets ${from}–${to} hold ${to - from}`);
    }
    if (begin + to > bytes.length) {
      throw fail(`is truncated: ${where} ends at byte ${begin + to}, the file at ${bytes.length}`);
    }
    spans.push({ tensor, from, to });
    const at = bytes.byteOffset + begin + from;
    const aligned = at % Kind.BYTES_PER_ELEMENT === 0;
    const data = aligned
      ? new Kind(bytes.buffer as ArrayBuffer, at, count(shape))
      : new Kind(new Uint8Array(bytes.subarray(begin + from, begin + to)).buffer);
    tensors.push([
      tensor,
      narrow
        ? { dtype: 'F32', shape, data: narrow(data as Uint16Array) }
        : { dtype: dtype as TensorDtype, shape, data: data as Tensor['data'] },
    ]);
  }
  // The tensors must cover the data exactly once, without gaps or shared bytes.
  spans.sort((a, b) => a.from - b.from || a.to - b.to);
  let end = 0;
  for (const { tensor, from, to } of spans) {
    if (from !== end)
      throw fail(`tensor ${shown(tensor)} begins at ${from} of the data, the one before it ends at ${end}`);
    end = to;
  }
  if (begin + end !== bytes.length)
    throw fail(`${bytes.length - begin - end} bytes after the last tensor belong to none`);
  return { tensors: Object.fromEntries(tensors), metadata: metadata as Record<string, string> };
}

/** A list of whole numbers from 0. */
function whole(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((v) => Number.isSafeInteger(v) && v >= 0);
}
