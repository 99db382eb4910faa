/** Pictures and other files that a user supplies to an attack as files. */
import { readFileSync } from 'node:fs';
import { UserError } from '../base/errors.js';
import { decodeNpy } from '../formats/npy.js';
import { decodePng } from '../formats/png.js';
import { luma } from './colour.js';
import type { ImageShape } from './types.js';

/** The bytes of a file that a user named. Throws `UserError` where it cannot be read. */
export function readGiven(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new UserError(`${path}: ${(error as NodeJS.ErrnoException).code === 'ENOENT' ? 'no such file' : error}`);
  }
}

/** Copies one value per pixel to every channel: [h, w] → [h, w, c]. */
export function spread(grey: Float32Array, { channels }: ImageShape): Float32Array {
  const values = new Float32Array(grey.length * channels);
  for (let i = 0; i < grey.length; i++) values.fill(grey[i], i * channels, (i + 1) * channels);
  return values;
}

/**
 * An `.npy` file as [h, w, c]: bytes are divided by 255, floats must lie in [low, 1]; [h, w] is used for all channels. Throws
 * `UserError` if it does not fit the images.
 */
export function readArray(path: string, image: ImageShape, low: 0 | -1): Float32Array {
  const { data, shape, dtype } = decodeNpy(readGiven(path), path);
  const { height, width, channels } = image;
  const grey = shape.length === 2;
  if (shape[0] !== height || shape[1] !== width || !(grey || (shape.length === 3 && shape[2] === channels))) {
    const wanted = `[${height},${width}] or [${height},${width},${channels}]`;
    throw new UserError(`${path}: shape [${shape}], images need ${wanted}`);
  }
  if (!['u1', 'f4', 'f8'].includes(dtype)) throw new UserError(`${path}: dtype ${dtype}, uint8 or float is expected`);
  const scale = dtype === 'u1' ? 255 : 1;
  const values = Float32Array.from(data as Uint8Array, (v) => v / scale);
  if (!values.every((v) => v >= low && v <= 1)) throw new UserError(`${path}: values outside [${low}, 1]`);
  return grey ? spread(values, image) : values;
}

/** A picture with its opacity: `values` [h, w, c] and `alpha` [h, w], both in [0, 1]. */
export interface Picture {
  height: number;
  width: number;
  values: Float32Array;
  alpha: Float32Array;
}

/** A PNG file as a picture of that many channels (colours become their luma for one). */
export function readPng(path: string, channels: number): Picture {
  const { height, width, data } = decodePng(readGiven(path), path);
  const values = new Float32Array(height * width * channels);
  const alpha = new Float32Array(height * width);
  for (let p = 0; p < alpha.length; p++) {
    const [r, g, b, a] = [0, 1, 2, 3].map((c) => data[4 * p + c] / 255);
    values.set(channels === 1 ? [luma(r, g, b)] : [r, g, b], p * channels);
    alpha[p] = a;
  }
  return { height, width, values, alpha };
}

/** A picture of the whole image from an `.npy` or a `.png` of the images' size, as [h, w, c] in [0, 1]. */
export function readMask(path: string, image: ImageShape): Float32Array {
  if (!/\.png$/i.test(path)) return readArray(path, image, 0);
  const { height, width, values } = readPng(path, image.channels);
  if (height !== image.height || width !== image.width) {
    throw new UserError(`${path}: is ${height}×${width}, images are ${image.height}×${image.width}`);
  }
  return values;
}
