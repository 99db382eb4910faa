/**
 * Image files as samples: JPEG, PNG, WebP, TIFF, GIF, BMP, PPM and PGM of any size become `size` × `size` RGB. Images are stretched, not cropped, and
 * rotated as their EXIF data say; grey becomes three channels, and transparent pixels are blended with white. Of a GIF the first frame is
 * read; a file of another kind with several pages or frames is refused, because one of them would be chosen in silence.
 */
import type { Sharp } from 'sharp';
import { UserError } from '../base/errors.js';
import { eachAtOnce } from '../base/pool.js';
import { decodeBmp } from '../formats/bmp.js';
import { decodePlainPng } from '../formats/png.js';
import { decodePpm } from '../formats/ppm.js';
import { readBytes } from './directory.js';
import { imbalance, limited } from './limits.js';
import type { Dataset, DatasetRequest, ImageSet } from './types.js';

/** Images decoded at a time: enough to keep libvips' threads busy, few enough to bound memory. */
const AT_ONCE = 16;
/** Most pixels of one image: twice those of the largest cameras, and far below a decompression bomb. */
const MOST_PIXELS = 2 ** 27;

/** The files of a split with their class numbers, not decoded yet. */
export interface Listing {
  files: string[];
  labels: Int32Array;
  /** Positions in the listing from which they were chosen; absent if all were. */
  places?: Int32Array;
}

/** The files at the given positions of a listing. */
export function pickFiles({ files, labels, places }: Listing, chosen: Int32Array): Listing {
  return {
    files: Array.from(chosen, (i) => files[i]),
    labels: chosen.map((i) => labels[i]),
    places: places ? chosen.map((i) => places[i]) : chosen,
  };
}

/** Throws `UserError` for a side length outside 8 … 1024. */
export function checkSize(size: number): void {
  if (!Number.isInteger(size) || size < 8 || size > 1024) {
    throw new UserError(`image size ${size}: allowed are whole numbers from 8 to 1024`);
  }
}

/** Whether the bytes begin as a JPEG or a PNG, which have one frame: asking libvips costs as much as decoding a small image. */
const isStillImage = (bytes: Uint8Array) =>
  (bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff) ||
  (bytes[0] === 0x89 && bytes[1] === 0x50 && bytes[2] === 0x4e && bytes[3] === 0x47);

/** Formats that libvips reads. It detects them by content, and knows more than a data set should have, such as SVG and PDF. */
const BY_LIBVIPS = ['jpeg', 'png', 'webp', 'tiff', 'gif'];

/** Endings of the images that `open` reads. */
export const IMAGE_NAME = /\.(jpe?g|jpe|jfif|png|webp|tiff?|gif|bmp|dib|ppm|pgm|pnm)$/i;
/** The formats of `IMAGE_NAME`, for messages. */
export const IMAGE_KINDS = 'JPEG, PNG, WebP, TIFF, GIF, BMP, PPM or PGM';

async function open(bytes: Uint8Array, file: string): Promise<Sharp> {
  const { default: sharp } = await import('sharp');
  const decode = decoderOf(bytes);
  if (decode) {
    const { data, width, height, channels } = decode(bytes, file);
    return sharp(data, { raw: { width, height, channels } });
  }
  const still = isStillImage(bytes);
  const other = still ? null : otherThing(bytes);
  if (other) throw new Error(`it is ${other}`);
  const image = sharp(bytes, { failOn: 'error', limitInputPixels: MOST_PIXELS });
  if (still) return image;
  const { format, pages = 1 } = await image.metadata();
  if (!BY_LIBVIPS.includes(format)) throw new Error(`its content is ${format}, not ${IMAGE_KINDS}`);
  if (pages > 1 && format !== 'gif')
    throw new Error(format === 'tiff' ? `it has ${pages} pages` : `it is animated, with ${pages} frames`);
  return image;
}

/** Our own decoder of a format that libvips does not read, by the first bytes. */
function decoderOf([a, b, c]: Uint8Array) {
  if (a === 0x42 && b === 0x4d) return decodeBmp;
  // P5 or P6, then white space or a comment.
  return a === 0x50 && (b === 0x35 || b === 0x36) && /[\s#]/.test(String.fromCharCode(c)) ? decodePpm : null;
}

/** What a file is that stands where an image is expected; null where its first bytes do not tell. */
function otherThing(bytes: Uint8Array): string | null {
  if (bytes.length === 0) return 'empty, 0 bytes';
  const head = Buffer.from(bytes.subarray(0, 200))
    .toString('latin1')
    .replace(/^\xef\xbb\xbf/, '')
    .trimStart()
    .toLowerCase();
  const begins: [string, string][] = [
    ['<!doctype html', 'an HTML page'],
    ['<html', 'an HTML page'],
    ['version https://git-lfs', 'a pointer of Git LFS: the image itself was not downloaded'],
    ['%pdf', 'a PDF'],
    ['pk\x03\x04', 'a ZIP archive'],
    ['\x1f\x8b', 'a gzip archive'],
    ['{', 'JSON'],
  ];
  if (head.startsWith('<?xml') && !head.includes('<svg')) return 'XML, as servers answer with an error';
  return begins.find(([mark]) => head.startsWith(mark))?.[1] ?? null;
}

/** Damaged files that a message names. */
const NAMED = 20;

/** Writes the image in `bytes` into `out`, [size, size, 3]; `name`: its name in errors. */
async function decodeInto(out: Uint8Array, bytes: Uint8Array, name: string, size: number): Promise<void> {
  if (decodePlainPng(bytes, size, out)) return;
  const pixels = await (await open(bytes, name))
    .rotate()
    .flatten({ background: 'white' })
    .toColourspace('srgb')
    .resize(size, size, { fit: 'fill' })
    .raw({ depth: 'uchar' })
    .toBuffer();
  if (pixels.length !== out.length) throw new Error(`it decodes to ${pixels.length} bytes`);
  out.set(pixels);
}

/**
 * Decodes `names.length` encoded images into `into`, [n, size, size, 3]; `bytesOf` gives the bytes of one. Returns a line for each image that cannot be
 * read, in their order.
 */
export async function decodeEach(
  names: readonly string[],
  bytesOf: (i: number) => Uint8Array | Promise<Uint8Array>,
  size: number,
  into: Uint8Array,
): Promise<string[]> {
  const damaged = new Map<number, string>();
  const each = size * size * 3;
  await eachAtOnce(names.length, AT_ONCE, async (i) => {
    try {
      await decodeInto(into.subarray(i * each, (i + 1) * each), await bytesOf(i), names[i], size);
    } catch (error) {
      const why = (error as Error).message.split('\n')[0];
      damaged.set(i, error instanceof UserError ? why : `${names[i]}: cannot be read as an image (${why})`);
    }
  });
  return [...damaged].sort(([a], [b]) => a - b).map(([, words]) => words);
}

/** Decodes the files in order, [n, size, size, 3]. Throws `UserError` that names the damaged files, all of them up to twenty. */
export async function decodeImages({ files, labels, places }: Listing, size: number): Promise<ImageSet> {
  const images = new Uint8Array(files.length * size * size * 3);
  refuseDamaged(await decodeEach(files, (i) => readBytes(files[i]), size, images), files.length);
  return { images, labels, n: files.length, height: size, width: size, channels: 3, files, places };
}

/** Throws `UserError` if any of the `n` images is damaged: what `decodeEach` said of them, in one line. */
export function refuseDamaged(damaged: readonly string[], n: number): void {
  if (damaged.length === 0) return;
  if (damaged.length === 1) throw new UserError(damaged[0]);
  const more = damaged.length > NAMED ? `; and ${damaged.length - NAMED} more` : '';
  throw new UserError(`${damaged.length} of ${n} images are damaged: ${damaged.slice(0, NAMED).join('; ')}${more}`);
}

/** The images of both splits that the limits select, decoded to `size` × `size`, with notes on unbalanced classes. */
export async function decodeDataset(
  name: string,
  classes: string[],
  all: { train: Listing; test: Listing },
  { trainLimit, testLimit, seed }: DatasetRequest,
  size: number,
): Promise<Dataset> {
  const choose = (listing: Listing, limit: number | undefined, split: 'train' | 'test') =>
    pickFiles(listing, limited(listing.labels, classes.length, limit, seed, split));
  const train = choose(all.train, trainLimit, 'train');
  const test = choose(all.test, testLimit, 'test');
  const notes = [...imbalance(train.labels, classes, 'train'), ...imbalance(test.labels, classes, 'test')];
  return { name, classes, train: await decodeImages(train, size), test: await decodeImages(test, size), notes };
}
