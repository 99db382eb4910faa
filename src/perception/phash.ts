/**
 * Perceptual hash: 64 bits that describe the coarse structure of an image, as the ImageHash library for Python computes them.
 *
 * Zauner, "Implementation and Benchmarking of Perceptual Image Hash Functions", 2010: the image in grey, 32×32, its DCT; a bit says whether
 * one of the 8×8 lowest frequencies is above their median.
 */

const SIDE = 32;
const LOW = 8;

/** Share of the 64 bits in which the hashes of two images [h, w, c] differ: 0 for equal images, about 0.5 for unrelated ones. */
export function phash(a: Uint8Array, b: Uint8Array, height: number, width: number, channels: number): number {
  const [p, q] = [hash(a, height, width, channels), hash(b, height, width, channels)];
  return p.filter((bit, i) => bit !== q[i]).length / p.length;
}

/** The 64 bits, row by row. */
export function hash(image: Uint8Array, height: number, width: number, channels: number): boolean[] {
  const grey = resize(luma(image, channels), height, width);
  // Unnormalised DCT-II of the columns, then of the rows; only the lowest frequencies.
  const wave = (k: number, i: number) => 2 * Math.cos((Math.PI * k * (2 * i + 1)) / (2 * SIDE));
  const low: number[] = [];
  for (let u = 0; u < LOW; u++) {
    for (let v = 0; v < LOW; v++) {
      let sum = 0;
      for (let y = 0; y < SIDE; y++) for (let x = 0; x < SIDE; x++) sum += grey[y * SIDE + x] * wave(u, y) * wave(v, x);
      low.push(sum);
    }
  }
  const sorted = low.toSorted((x, y) => x - y);
  const median = (sorted[low.length / 2 - 1] + sorted[low.length / 2]) / 2;
  return low.map((v) => v > median);
}

/** ITU-R BT.601 luma in whole numbers, as Pillow rounds it. */
function luma(image: Uint8Array, channels: number): Uint8Array {
  if (channels === 1) return image;
  return Uint8Array.from({ length: image.length / channels }, (_, p) => {
    const at = p * channels;
    return (19595 * image[at] + 38470 * image[at + 1] + 7471 * image[at + 2] + 0x8000) >> 16;
  });
}

/** Lanczos resampling (three lobes, widened when shrinking) to 32×32, bytes after each direction, as Pillow does it. */
function resize(grey: Uint8Array, height: number, width: number): Uint8Array {
  const across = width === SIDE ? grey : along(grey, height, width, (y, x) => y * width + x);
  return height === SIDE ? across : transpose(along(across, SIDE, height, (x, y) => y * SIDE + x));
}

function transpose(square: Uint8Array): Uint8Array {
  return square.map((_, i) => square[(i % SIDE) * SIDE + Math.floor(i / SIDE)]);
}

/** Resamples each of `lines` lines of `length` values to 32: out [lines, 32]. */
function along(from: Uint8Array, lines: number, length: number, at: (line: number, i: number) => number): Uint8Array {
  const scale = Math.max(1, length / SIDE);
  const sinc = (x: number) => (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x));
  const out = new Uint8Array(lines * SIDE);
  for (let to = 0; to < SIDE; to++) {
    const centre = ((to + 0.5) * length) / SIDE;
    const first = Math.max(0, Math.trunc(centre - 3 * scale + 0.5));
    const last = Math.min(length, Math.trunc(centre + 3 * scale + 0.5));
    const weights = Array.from({ length: last - first }, (_, i) => {
      const x = (first + i - centre + 0.5) / scale;
      return Math.abs(x) < 3 ? sinc(x) * sinc(x / 3) : 0;
    });
    const total = weights.reduce((x, y) => x + y);
    for (let line = 0; line < lines; line++) {
      let sum = 0;
      for (let i = 0; i < weights.length; i++) sum += weights[i] * from[at(line, first + i)];
      out[line * SIDE + to] = Math.min(255, Math.max(0, Math.floor(sum / total + 0.5)));
    }
  }
  return out;
}
