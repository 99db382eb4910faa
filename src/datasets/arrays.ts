/**
 * Images and labels in arrays of others, as far as their shape and values leave one reading; a note says which one was taken.
 *
 * Images: [n, h, w], [n, h, w, c], [n, c, h, w] with c 1 or 3, or rows [n, h²] of square grey images; bytes, or floats in [0, 1], which are multiplied
 * by 255 and rounded: that restores former bytes. Labels: whole numbers [n] or [n, 1] from 0 or from 1, or one-hot [n, k].
 */
import { UserError } from '../base/errors.js';
import type { NdArray } from '../formats/npy.js';
import { checkLabels } from './select.js';

/** Floats that scaling left up to 10⁻⁵ outside [0, 1], in single precision, are rounded back. */
const [LOW, HIGH] = [-1e-5, Math.fround(1 + 1e-5)];
/** Largest number of classes. A larger label is a mistake, and would allocate a table of its size. */
export const MOST_CLASSES = 10_000;

export interface ReadImages {
  images: Uint8Array;
  n: number;
  height: number;
  width: number;
  channels: number;
  /** How the array was read, where that is not how it was written; else null. */
  note: string | null;
}

/** The images of an array, [n, h, w, c] bytes; `name`: its name in errors. Throws `UserError` for another shape, and for values that are no pixels. */
export function imagesOf(name: string, array: NdArray): ReadImages {
  const [n, ...inner] = array.shape;
  const isChannels = (c: number) => c === 1 || c === 3;
  const bytes = (part: Omit<ReadImages, 'images' | 'n'>, pixels = toBytes(name, array)): ReadImages => ({
    images: pixels,
    n,
    ...part,
  });
  if (inner.every((size) => size > 0)) {
    const [a, b, c] = inner;
    if (inner.length === 2) return bytes({ height: a, width: b, channels: 1, note: null });
    if (inner.length === 3 && isChannels(c)) return bytes({ height: a, width: b, channels: c, note: null });
    if (inner.length === 3 && isChannels(a)) {
      const note = `${name}: (${array.shape}) is read as (n, c, h, w)`;
      return bytes({ height: b, width: c, channels: a, note }, channelsLast(toBytes(name, array), n, inner));
    }
    const side = Math.round(Math.sqrt(a));
    if (inner.length === 1 && side * side === a && side > 1)
      return bytes({
        height: side,
        width: side,
        channels: 1,
        note: `${name}: its rows are read as ${side}×${side} grey`,
      });
    const colour = Math.round(Math.sqrt(a / 3));
    if (inner.length === 1 && 3 * colour * colour === a)
      throw new UserError(
        `${name}: rows of ${a} may be (h, w, 3) or (3, h, w); reshape them to (${n}, ${colour}, ${colour}, 3) or (${n}, 3, ${colour}, ${colour})`,
      );
  }
  throw new UserError(
    `${name}: has the shape (${array.shape}); (n, h, w), (n, h, w, c), (n, c, h, w) with 1 or 3 channels, or (n, h²) is expected`,
  );
}

/** [n, c, h, w] → [n, h, w, c]. */
function channelsLast(from: Uint8Array, n: number, [channels, height, width]: readonly number[]): Uint8Array {
  const plane = height * width;
  const out = new Uint8Array(from.length);
  for (let i = 0; i < n; i++)
    for (let c = 0; c < channels; c++)
      for (let p = 0; p < plane; p++) out[(i * plane + p) * channels + c] = from[(i * channels + c) * plane + p];
  return out;
}

function toBytes(name: string, { data, dtype }: NdArray): Uint8Array {
  if (data instanceof Uint8Array && dtype === 'u1') return data;
  if (!(data instanceof Float32Array || data instanceof Float64Array))
    throw new UserError(`${name}: images are ${dtype}; uint8, or floats in [0, 1], are expected`);
  const bytes = new Uint8Array(data.length);
  for (let i = 0; i < data.length; i++) {
    if (!(data[i] >= LOW && data[i] <= HIGH))
      throw new UserError(`${name}: holds the value ${data[i]}; float images lie in [0, 1], others are uint8`);
    bytes[i] = Math.round(255 * Math.min(1, Math.max(0, data[i])));
  }
  return bytes;
}

export interface ReadLabels {
  labels: Int32Array;
  /** Name of class 0: 1 where labels count from 1. */
  first: 0 | 1;
  note: string | null;
}

/** The labels of `n` images; `fromZero`: that they count from 0 is known. Throws `UserError` for another shape, and for what is no label. */
export function labelsOf(name: string, { shape, dtype, data }: NdArray, n: number, fromZero: boolean): ReadLabels {
  const values = Array.from<number | bigint, number>(data, Number);
  const hot = shape.length === 2 && shape[0] === n && shape[1] > 1 ? hottest(values, shape[1]) : null;
  if (hot) return { labels: hot, first: 0, note: `${name}: (${shape}) is read as one-hot` };
  if (!/^[ui]/.test(dtype)) throw new UserError(`${name}: labels are ${dtype}; integers are expected`);
  if (shape[0] !== n || values.length !== n)
    throw new UserError(`${name}: has the shape (${shape}) for ${n} images; (${n}), or one-hot (${n}, k), is expected`);
  checkLabels(name, values, MOST_CLASSES);
  const present = new Set(values);
  // 1 … k, each of them there: a set of which class 0 has no image would have a gap, or is one of ours.
  const shifted =
    !fromZero && present.size > 1 && !present.has(0) && present.size === values.reduce((a, b) => Math.max(a, b));
  return shifted
    ? {
        labels: Int32Array.from(values, (v) => v - 1),
        first: 1,
        note: `${name}: the labels 1 to ${present.size} count from 1, so that class number 0 is "1"`,
      }
    : { labels: Int32Array.from(values), first: 0, note: null };
}

/** Place of the one in each row of `k`; null where a row is not one-hot. */
function hottest(values: readonly number[], k: number): Int32Array | null {
  const out = new Int32Array(values.length / k);
  for (let i = 0; i < out.length; i++) {
    const row = values.slice(i * k, (i + 1) * k);
    const at = row.indexOf(1);
    if (at < 0 || row.some((v, j) => v !== (j === at ? 1 : 0))) return null;
    out[i] = at;
  }
  return out;
}
