/**
 * PPM and PGM, the binary kinds P6 and P5: RGB and grey pictures without compression. https://netpbm.sourceforge.net/doc/ppm.html
 *
 * `P6`, width, height and the largest value as decimal numbers between white space and `#` comments, one white space, then 3 bytes per pixel (P5: one).
 * Largest values up to 255 are supported and scaled to 255. Further images in the file are ignored.
 */
import { UserError } from '../base/errors.js';

export interface Ppm {
  height: number;
  width: number;
  /** 1 of a grey picture. */
  channels: 1 | 3;
  /** [height, width, channels] */
  data: Uint8Array;
}

/** Longest side of an image, against files that announce more than memory holds. */
const LARGEST = 16384;

/** Decodes the bytes of a PPM or PGM file; `name` is its name in errors. Throws `UserError`. */
export function decodePpm(bytes: Uint8Array, name = 'picture'): Ppm {
  const fail = (why: string) => new UserError(`${name}: ${why}`);
  if (bytes[0] !== 0x50 || (bytes[1] !== 0x36 && bytes[1] !== 0x35))
    throw fail('is not a PPM file of the kind P6 or P5');
  const channels = bytes[1] === 0x36 ? 3 : 1;
  // 4096 bytes contain the header, except with very long comments.
  const head = new TextDecoder('latin1').decode(bytes.subarray(0, 4096));
  const space = '[ \\t\\n\\v\\f\\r]';
  const gap = `(?:${space}|#[^\\n]*\\n)+`;
  const found = new RegExp(`^P[56]${gap}(\\d+)${gap}(\\d+)${gap}(\\d+)${space}`).exec(head);
  if (!found) throw fail('has an invalid PPM header');
  const [width, height, top] = found.slice(1).map(Number);
  if (!width || !height || Math.max(width, height) > LARGEST) {
    throw fail(`is ${height}×${width}; sides from 1 to ${LARGEST} are allowed`);
  }
  if (top < 1 || top > 255) throw fail(`has the largest value ${top}; 1 to 255 are allowed`);
  const from = found[0].length;
  const size = channels * width * height;
  if (bytes.length - from < size) {
    throw fail(`is truncated: ${height}×${width} pixels take ${size} bytes, ${bytes.length - from} are there`);
  }
  const data = new Uint8Array(bytes.subarray(from, from + size));
  if (top < 255) {
    const above = data.find((v) => v > top);
    if (above !== undefined) throw fail(`has the value ${above}, above its largest of ${top}`);
    for (let i = 0; i < size; i++) data[i] = Math.round((255 * data[i]) / top);
  }
  return { height, width, channels, data };
}
