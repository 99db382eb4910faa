/**
 * Image files as samples: JPEG, PNG, WebP and PPM of any size become `size` × `size` RGB. Images are stretched, not cropped, and rotated as
 * their EXIF data say; grey becomes three channels, and transparent pixels are blended with white.
 */
import sharp, { type Sharp } from 'sharp';
import { UserError } from '../base/errors.js';
import { eachAtOnce } from '../base/pool.js';
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

async function open(file: string): Promise<Sharp> {
  if (/\.ppm$/i.test(file)) {
    const { data, width, height } = decodePpm(await readBytes(file), file);
    return sharp(data, { raw: { width, height, channels: 3 } });
  }
  const bytes = await readBytes(file);
  const image = sharp(bytes, { failOn: 'error', limitInputPixels: MOST_PIXELS });
  if (isStillImage(bytes)) return image;
  const { format, pages = 1 } = await image.metadata();
  // libvips detects the format by content and reads more formats than a data set should have: SVG and PDF, and TIFF and GIF with pages.
  if (!['jpeg', 'png', 'webp'].includes(format)) throw new Error(`its content is ${format}, not JPEG, PNG or WebP`);
  if (pages > 1) throw new Error(`it is animated, with ${pages} frames`);
  return image;
}

/** Decodes the files in order, [n, size, size, 3]. Throws `UserError` that names a damaged file. */
export async function decodeImages({ files, labels, places }: Listing, size: number): Promise<ImageSet> {
  const each = size * size * 3;
  const images = new Uint8Array(files.length * each);
  await eachAtOnce(files.length, AT_ONCE, async (i) => {
    try {
      const pixels = await (await open(files[i]))
        .rotate()
        .flatten({ background: 'white' })
        .toColourspace('srgb')
        .resize(size, size, { fit: 'fill' })
        .raw({ depth: 'uchar' })
        .toBuffer();
      if (pixels.length !== each) throw new Error(`it decodes to ${pixels.length} bytes`);
      images.set(pixels, i * each);
    } catch (error) {
      if (error instanceof UserError) throw error;
      const why = (error as Error).message.split('\n')[0];
      throw new UserError(`${files[i]}: cannot be read as an image (${why})`);
    }
  });
  return { images, labels, n: files.length, height: size, width: size, channels: 3, files, places };
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
