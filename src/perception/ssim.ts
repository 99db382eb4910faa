/**
 * Structural similarity: agreement of two images in luminance, contrast and structure, window by window.
 *
 * Wang, Bovik, Sheikh, Simoncelli, "Image Quality Assessment: From Error Visibility to Structural Similarity", 2004:
 *
 *   l  = (2 μₓμᵧ + C₁) / (μₓ² + μᵧ² + C₁)      C₁ = 0.01²
 *   cs = (2 σₓᵧ + C₂) / (σₓ² + σᵧ² + C₂)       C₂ = 0.03², values in [0, 1]
 *
 * `ssim` is the mean of l·cs as scikit-image computes it by default: uniform 7×7 windows that lie inside the image,
 * sample covariances, averaged over the channels. `msssim` is the multi-scale form of Wang, Simoncelli, Bovik 2003:
 * Gaussian 11×11 windows (σ 1.5), Π csⱼ^wⱼ · (l·cs)₅^w₅ over five scales halved by 2×2 averages, which need 176 pixels.
 *
 * Few windows inside the image cover a trigger in its corner: a white 3×3 square there changes `ssim` to 0.993 only on CIFAR-10 images.
 * `ssimFull` averages over all pixels of the image, mirrored beyond its edges (scikit-image's `full=True`): 0.974.
 */

const C1 = 0.01 ** 2;
const C2 = 0.03 ** 2;

/** One channel [h, w], values in [0, 1]. */
interface Plane {
  values: Float64Array;
  height: number;
  width: number;
}

function plane(image: Uint8Array, height: number, width: number, channels: number, c: number): Plane {
  return {
    values: Float64Array.from({ length: height * width }, (_, p) => image[p * channels + c] / 255),
    height,
    width,
  };
}

/** Mean l·cs and mean cs of two planes under a separable window; `unbiased` scales variances to sample variances. */
function similarity(a: Plane, b: Plane, window: readonly number[], unbiased: number): { ssim: number; cs: number } {
  const [ma, mb] = [filter(a, window), filter(b, window)];
  const product = (p: Plane, q: Plane) => filter({ ...p, values: p.values.map((v, i) => v * q.values[i]) }, window);
  const [aa, bb, ab] = [product(a, a), product(b, b), product(a, b)];
  let [ssim, cs] = [0, 0];
  for (let i = 0; i < ma.length; i++) {
    const covariance = unbiased * (ab[i] - ma[i] * mb[i]);
    const variances = unbiased * (aa[i] - ma[i] ** 2 + bb[i] - mb[i] ** 2);
    const structure = (2 * covariance + C2) / (variances + C2);
    ssim += (structure * (2 * ma[i] * mb[i] + C1)) / (ma[i] ** 2 + mb[i] ** 2 + C1);
    cs += structure;
  }
  return { ssim: ssim / ma.length, cs: cs / ma.length };
}

/** Weighted means over the windows that lie inside the plane: rows, then columns. */
function filter({ values, height, width }: Plane, window: readonly number[]): Float64Array {
  const k = window.length;
  const [outHeight, outWidth] = [height - k + 1, width - k + 1];
  const rows = new Float64Array(height * outWidth);
  for (let y = 0, to = 0; y < height; y++) {
    for (let x = 0; x < outWidth; x++, to++)
      for (let i = 0; i < k; i++) rows[to] += window[i] * values[y * width + x + i];
  }
  const out = new Float64Array(outHeight * outWidth);
  for (let y = 0, to = 0; y < outHeight; y++) {
    for (let x = 0; x < outWidth; x++, to++)
      for (let i = 0; i < k; i++) out[to] += window[i] * rows[(y + i) * outWidth + x];
  }
  return out;
}

const mean = (values: number[]) => values.reduce((a, b) => a + b) / values.length;

/** Side of the window; images under 7 pixels take the largest odd one that fits. */
const windowSide = (height: number, width: number) => Math.min(7, Math.ceil(Math.min(height, width) / 2) * 2 - 1);

function meanSsim(planes: readonly [Plane, Plane][], side: number): number {
  const window = new Array<number>(side).fill(1 / side);
  const count = side * side;
  return mean(planes.map(([p, q]) => similarity(p, q, window, count > 1 ? count / (count - 1) : 1).ssim));
}

/** Mean SSIM of two images [h, w, c] over the windows inside the image; 1 for equal ones. */
export function ssim(a: Uint8Array, b: Uint8Array, height: number, width: number, channels: number): number {
  return meanSsim(pairs(a, b, height, width, channels), windowSide(height, width));
}

/** Mean SSIM of two images [h, w, c] over all pixels, corners included; 1 for equal ones. */
export function ssimFull(a: Uint8Array, b: Uint8Array, height: number, width: number, channels: number): number {
  const side = windowSide(height, width);
  const padded = pairs(a, b, height, width, channels).map(([p, q]): [Plane, Plane] => [
    mirrored(p, side >> 1),
    mirrored(q, side >> 1),
  ]);
  return meanSsim(padded, side);
}

/** The channels of two images. */
function pairs(a: Uint8Array, b: Uint8Array, height: number, width: number, channels: number): [Plane, Plane][] {
  return Array.from({ length: channels }, (_, c) => [
    plane(a, height, width, channels, c),
    plane(b, height, width, channels, c),
  ]);
}

/** The plane with `by` more pixels on every side, mirrored at the edge: … b a | a b …. */
function mirrored({ values, height, width }: Plane, by: number): Plane {
  const inside = (i: number, n: number) => (i < 0 ? -1 - i : i >= n ? 2 * n - 1 - i : i);
  const [h, w] = [height + 2 * by, width + 2 * by];
  const out = Float64Array.from(
    { length: h * w },
    (_, p) => values[inside(Math.floor(p / w) - by, height) * width + inside((p % w) - by, width)],
  );
  return { values: out, height: h, width: w };
}

/** Weights of the five scales, and the Gaussian window, of Wang, Simoncelli and Bovik 2003. */
const WEIGHTS = [0.0448, 0.2856, 0.3001, 0.2363, 0.1333];
const GAUSS = (() => {
  const raw = Array.from({ length: 11 }, (_, i) => Math.exp(-((i - 5) ** 2) / (2 * 1.5 ** 2)));
  const sum = raw.reduce((a, b) => a + b);
  return raw.map((v) => v / sum);
})();

/** Means of 2×2 pixels; an odd last row or column is left out. */
function halve({ values, height, width }: Plane): Plane {
  const [h, w] = [height >> 1, width >> 1];
  const half = Float64Array.from({ length: h * w }, (_, p) => {
    const at = 2 * Math.floor(p / w) * width + 2 * (p % w);
    return (values[at] + values[at + 1] + values[at + width] + values[at + width + 1]) / 4;
  });
  return { values: half, height: h, width: w };
}

/** Mean multi-scale SSIM of two images [h, w, c]; 1 for equal ones, NaN where a side is under 176 pixels. */
export function msssim(a: Uint8Array, b: Uint8Array, height: number, width: number, channels: number): number {
  if (Math.min(height, width) >> (WEIGHTS.length - 1) < GAUSS.length) return Number.NaN;
  return mean(
    pairs(a, b, height, width, channels).map((planes) => {
      let [p, q] = planes;
      return WEIGHTS.reduce((product, weight, scale) => {
        if (scale) [p, q] = [halve(p), halve(q)];
        const { ssim: full, cs } = similarity(p, q, GAUSS, 1);
        // A negative mean has no real power: such a scale counts as wholly unlike.
        return product * Math.max(0, scale === WEIGHTS.length - 1 ? full : cs) ** weight;
      }, 1);
    }),
  );
}
