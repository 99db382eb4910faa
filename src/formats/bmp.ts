/**
 * BMP without compression: 1, 4 and 8 bits with a palette, 24 and 32 bits, and 16 and 32 bits by masks.
 * https://learn.microsoft.com/windows/win32/gdi/bitmap-storage
 *
 * Rows stand bottom up, or top down where the height is negative, each padded to whole words of 4 bytes. An alpha channel that the masks name is
 * kept apart; the fourth byte of other 32-bit pixels means nothing.
 */
import { UserError } from '../base/errors.js';

export interface Bmp {
  height: number;
  width: number;
  /** 4 with an alpha channel. */
  channels: 3 | 4;
  /** [height, width, channels] */
  data: Uint8Array;
}

/** Longest side of an image, against files that announce more than memory holds. */
const LARGEST = 16384;
/** `BI_RGB`, `BI_BITFIELDS` and `BI_ALPHABITFIELDS`. */
const [RGB, BITFIELDS, ALPHABITFIELDS] = [0, 3, 6];

/** Decodes the bytes of a BMP file; `name` is its name in errors. Throws `UserError`. */
export function decodeBmp(bytes: Uint8Array, name = 'picture'): Bmp {
  const fail = (why: string) => new UserError(`${name}: ${why}`);
  if (bytes[0] !== 0x42 || bytes[1] !== 0x4d) throw fail('is not a BMP file');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 26) throw fail('is truncated in its header');
  const from = view.getUint32(10, true);
  const header = view.getUint32(14, true);
  // The header of OS/2 has 16-bit sides and a palette of 3 bytes.
  const old = header === 12;
  if (!old && (header < 40 || bytes.length < 14 + header)) throw fail('has an unknown BMP header');
  const width = old ? view.getUint16(18, true) : view.getInt32(18, true);
  const high = old ? view.getInt16(20, true) : view.getInt32(22, true);
  const height = Math.abs(high);
  const bits = view.getUint16(old ? 24 : 28, true);
  const compression = old ? RGB : view.getUint32(30, true);
  if (width < 1 || height < 1 || Math.max(width, height) > LARGEST)
    throw fail(`is ${height}×${width}; sides from 1 to ${LARGEST} are allowed`);
  const masked = compression === BITFIELDS || compression === ALPHABITFIELDS;
  if (compression !== RGB && !masked) throw fail('is a compressed BMP, which is not read; save it as PNG');
  if (![1, 4, 8, 16, 24, 32].includes(bits)) throw fail(`has ${bits} bits a pixel, which no BMP has`);
  const row = 4 * Math.ceil((width * bits) / 32);
  if (bytes.length - from < row * height)
    throw fail(
      `is truncated: ${height}×${width} pixels take ${row * height} bytes, ${Math.max(0, bytes.length - from)} are there`,
    );

  const place = (y: number) => from + row * (high < 0 ? y : height - 1 - y);
  if (bits <= 8) {
    const entry = old ? 3 : 4;
    const palette = 14 + header;
    const entries = Math.floor((from - palette) / entry);
    const data = new Uint8Array(3 * width * height);
    for (let y = 0, to = 0; y < height; y++)
      for (let x = 0; x < width; x++, to += 3) {
        const bit = x * bits;
        const k = (bytes[place(y) + (bit >> 3)] >> (8 - bits - (bit & 7))) & ((1 << bits) - 1);
        if (k >= entries) throw fail(`has the colour ${k} of a palette of ${Math.max(0, entries)}`);
        const at = palette + k * entry;
        data.set([bytes[at + 2], bytes[at + 1], bytes[at]], to);
      }
    return { height, width, channels: 3, data };
  }

  const masks = masked ? masksOf(view, header) : bits === 16 ? [0x7c00, 0x3e0, 0x1f, 0] : [0xff0000, 0xff00, 0xff, 0];
  const channels = masks[3] ? 4 : 3;
  const parts = masks.slice(0, channels).map(channelOf);
  const data = new Uint8Array(channels * width * height);
  const bytesEach = bits / 8;
  for (let y = 0, to = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const at = place(y) + x * bytesEach;
      let pixel = 0;
      for (let b = bytesEach - 1; b >= 0; b--) pixel = pixel * 256 + bytes[at + b];
      for (const part of parts) data[to++] = part(pixel);
    }
  return { height, width, channels, data };
}

/** The masks of red, green, blue and alpha: in the header, or behind the shortest one, which has none of alpha. */
function masksOf(view: DataView, header: number): number[] {
  const inHeader = header >= 56;
  const count = inHeader ? 4 : 3;
  if (view.byteLength < 54 + 4 * count) return [0, 0, 0, 0];
  const found = Array.from({ length: count }, (_, k) => view.getUint32(54 + 4 * k, true));
  return inHeader ? found : [...found, 0];
}

/** From a pixel to the bits under a mask, scaled to 0 … 255. */
function channelOf(mask: number): (pixel: number) => number {
  if (mask === 0) return () => 0;
  const shift = 31 - Math.clz32(mask & -mask);
  const top = mask / 2 ** shift;
  return (pixel) => Math.round((255 * (Math.floor(pixel / 2 ** shift) % (top + 1))) / top);
}
