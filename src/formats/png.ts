/**
 * PNG without native code. https://www.w3.org/TR/png-3/
 *
 * `decodePng`, for small pictures such as triggers: all colour types and bit depths, not interlaced. The result is RGBA of 8 bits, [h, w, 4]; of
 * 16 bits the upper 8 are kept. `decodePlainPng`, for the many small images of a data set: it reads the common kind alone, ten times as fast as
 * sharp, which sets up a pipeline per image.
 */
import { crc32, inflateSync } from 'node:zlib';
import { unzlibSync } from 'fflate';
import { UserError } from '../base/errors.js';

export interface Png {
  height: number;
  width: number;
  data: Uint8Array;
}

/** Samples per pixel by colour type: grey, RGB, palette, grey + alpha, RGBA. */
const SAMPLES: Record<number, number> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };
/** Longest side of an image: triggers are far smaller, and the pixels fit into memory. */
const LARGEST = 4096;

/** What the header says, and the chunks by type. */
interface Parsed {
  height: number;
  width: number;
  depth: number;
  type: number;
  /** Samples per pixel. */
  samples: number;
  chunks: Record<string, Uint8Array[]>;
}

type Fail = (why: string) => UserError;

/** Decodes the bytes of a PNG file; `name` is its name in errors. Throws `UserError`. */
export function decodePng(bytes: Uint8Array, name = 'picture'): Png {
  const fail: Fail = (why) => new UserError(`${name}: ${why}`);
  const png = parse(bytes, fail);
  const { height, width, depth, samples, chunks } = png;
  const stride = Math.ceil((width * samples * depth) / 8);
  let raw: Uint8Array;
  try {
    raw = unzlibSync(Buffer.concat(chunks.IDAT), { out: new Uint8Array(height * (stride + 1)) });
  } catch (error) {
    throw fail(`is damaged (${(error as Error).message})`);
  }
  if (raw.length !== height * (stride + 1)) throw fail('is truncated');
  unfilter(raw, height, stride, Math.max(1, (samples * depth) / 8));
  const data = new Uint8Array(height * width * 4);
  for (let y = 0; y < height; y++) {
    const from = y * (stride + 1) + 1;
    for (let x = 0; x < width; x++)
      data.set(
        rgba(png, (c) => sample(raw, from, x * samples + c, depth), fail),
        (y * width + x) * 4,
      );
  }
  return { height, width, data };
}

/** Splits the file into chunks and checks its header. */
function parse(bytes: Uint8Array, fail: Fail): Parsed {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 33 || view.getUint32(0) !== 0x89504e47 || view.getUint32(4) !== 0x0d0a1a0a) {
    throw fail('is not a PNG file');
  }
  const chunks: Record<string, Uint8Array[]> = {};
  for (let at = 8; at + 12 <= bytes.length; ) {
    const length = view.getUint32(at);
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    if (at + 12 + length > bytes.length) throw fail('is truncated');
    chunks[type] = [...(chunks[type] ?? []), bytes.subarray(at + 8, at + 8 + length)];
    at += 12 + length;
  }
  if (!chunks.IHDR || !chunks.IDAT || !chunks.IEND) throw fail('is truncated');
  const width = view.getUint32(16);
  const height = view.getUint32(20);
  const [depth, type, , , interlaced] = bytes.subarray(24, 29);
  const samples = SAMPLES[type];
  if (!samples || ![1, 2, 4, 8, 16].includes(depth)) throw fail(`has the unknown colour type ${type} of ${depth} bits`);
  if (interlaced) throw fail('is interlaced; save it without interlacing');
  if (!width || !height || Math.max(width, height) > LARGEST) {
    throw fail(`is ${height}×${width}; sides from 1 to ${LARGEST} are allowed`);
  }
  if (type === 3 && !chunks.PLTE) throw fail('has no palette');
  return { height, width, depth, type, samples, chunks };
}

/** Red, green, blue and alpha of one pixel, 8 bits each; `value(c)` is its sample c. */
function rgba({ depth, type, samples, chunks }: Parsed, value: (c: number) => number, fail: Fail): number[] {
  const transparent = chunks.tRNS?.[0];
  const byte = (c: number) => (depth === 16 ? value(c) >> 8 : Math.round((255 * value(c)) / (2 ** depth - 1)));
  if (type === 3) {
    const [palette] = chunks.PLTE;
    const k = value(0);
    if (3 * k + 2 >= palette.length) throw fail(`names colour ${k} beyond its palette`);
    return [...palette.subarray(3 * k, 3 * k + 3), transparent?.[k] ?? 255];
  }
  // One colour of an image without alpha may be marked as transparent: 16 bits per sample.
  const clear = (count: number) =>
    transparent !== undefined &&
    Array.from({ length: count }, (_, c) => value(c) === transparent[2 * c] * 256 + transparent[2 * c + 1]).every(
      Boolean,
    );
  if (samples < 3) return [byte(0), byte(0), byte(0), type === 4 ? byte(1) : clear(1) ? 0 : 255];
  return [byte(0), byte(1), byte(2), type === 6 ? byte(3) : clear(3) ? 0 : 255];
}

/** Sample `index` of a row that begins at `from`. */
function sample(raw: Uint8Array, from: number, index: number, depth: number): number {
  if (depth === 16) return raw[from + 2 * index] * 256 + raw[from + 2 * index + 1];
  const bit = index * depth;
  return (raw[from + (bit >> 3)] >> (8 - depth - (bit & 7))) & (2 ** depth - 1);
}

/** Undoes the row filters in place: none, left, up, average, Paeth. `back` is the width of a pixel in bytes, at least 1. */
function unfilter(raw: Uint8Array, height: number, stride: number, back: number): void {
  for (let y = 0; y < height; y++) {
    const from = y * (stride + 1);
    const filter = raw[from];
    for (let i = 1; i <= stride; i++) {
      const left = i > back ? raw[from + i - back] : 0;
      const up = y ? raw[from + i - stride - 1] : 0;
      const corner = y && i > back ? raw[from + i - stride - 1 - back] : 0;
      if (filter === 1) raw[from + i] += left;
      else if (filter === 2) raw[from + i] += up;
      else if (filter === 3) raw[from + i] += (left + up) >> 1;
      else if (filter === 4) raw[from + i] += paeth(left, up, corner);
    }
  }
}

function paeth(left: number, up: number, corner: number): number {
  const [a, b, c] = [Math.abs(up - corner), Math.abs(left - corner), Math.abs(left + up - 2 * corner)];
  return a <= b && a <= c ? left : b <= c ? up : corner;
}

/** Chunks that do not change what a viewer shows; another one, such as a colour profile, is left to sharp. */
const PLAIN = ['IHDR', 'IDAT', 'IEND', 'sRGB', 'pHYs', 'tIME'];

/**
 * Writes the pixels of a whole PNG of `side` × `side`, 8-bit grey or RGB without transparency, profile or interlacing, into `out`,
 * [side, side, 3], which spares an array per image. Returns false for any other file, damaged ones included, and leaves `out` as it is.
 */
export function decodePlainPng(bytes: Uint8Array, side: number, out: Uint8Array): boolean {
  const packed = plainData(bytes, side);
  if (packed === null) return false;
  const samples = bytes[25] === 2 ? 3 : 1;
  const length = side * (1 + side * samples);
  let raw: Uint8Array;
  try {
    raw = inflateSync(packed, { maxOutputLength: length, chunkSize: length + 64 });
  } catch {
    return false;
  }
  const stride = side * samples;
  if (raw.length !== length) return false;
  for (let y = 0; y < side; y++) if (raw[y * (stride + 1)] > 4) return false;
  unfilter(raw, side, stride, samples);
  for (let y = 0; y < side; y++) {
    const from = y * (stride + 1) + 1;
    if (samples === 3) out.set(raw.subarray(from, from + stride), y * stride);
    else for (let x = 0; x < side; x++) out.fill(raw[from + x], (y * side + x) * 3, (y * side + x + 1) * 3);
  }
  return true;
}

/** The compressed data of a PNG that `decodePlainPng` reads, its checksums compared; null for any other. */
function plainData(bytes: Uint8Array, side: number): Uint8Array | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 33 || view.getUint32(0) !== 0x89504e47 || view.getUint32(4) !== 0x0d0a1a0a) return null;
  if (view.getUint32(16) !== side || view.getUint32(20) !== side) return null;
  const [depth, type, , , interlaced] = bytes.subarray(24, 29);
  if (depth !== 8 || (type !== 0 && type !== 2) || interlaced) return null;
  const parts: Uint8Array[] = [];
  for (let at = 8; at + 12 <= bytes.length; ) {
    const end = at + 8 + view.getUint32(at);
    if (end + 4 > bytes.length || crc32(bytes.subarray(at + 4, end)) !== view.getUint32(end)) return null;
    const name = String.fromCharCode(bytes[at + 4], bytes[at + 5], bytes[at + 6], bytes[at + 7]);
    if (!PLAIN.includes(name) || (name === 'IHDR') !== (at === 8)) return null;
    if (name === 'IDAT') parts.push(bytes.subarray(at + 8, end));
    if (name === 'IEND') return parts.length === 1 ? parts[0] : Buffer.concat(parts);
    at = end + 4;
  }
  return null;
}
