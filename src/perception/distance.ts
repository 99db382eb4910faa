/**
 * Distances between two images pixel by pixel, values in [0, 1].
 *
 * Images are [h, w, c] bytes; x and y are their values divided by 255, n = h·w·c.
 */

/** `Σ |x − y| / n`: mean absolute change. */
export function l1(a: Uint8Array, b: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += Math.abs(a[i] - b[i]);
  return sum / (255 * a.length);
}

/** `√Σ (x − y)²`: Euclidean length of the change. */
export function l2(a: Uint8Array, b: Uint8Array): number {
  return Math.sqrt(mse(a, b) * a.length);
}

/** `max |x − y|`: largest change. */
export function linf(a: Uint8Array, b: Uint8Array): number {
  let top = 0;
  for (let i = 0; i < a.length; i++) top = Math.max(top, Math.abs(a[i] - b[i]));
  return top / 255;
}

/** `Σ (x − y)² / n`: mean squared change. */
export function mse(a: Uint8Array, b: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] - b[i]) ** 2;
  return sum / (255 * 255 * a.length);
}

/** `−10·log₁₀ MSE` in decibels; infinite for equal images. */
export function psnr(a: Uint8Array, b: Uint8Array): number {
  return -10 * Math.log10(mse(a, b));
}

/**
 * Spectral angle in radians: the angle between the two colours of a pixel as vectors, averaged over the pixels. It does not depend on
 * brightness. The angle between black and another colour is π/2, between black and black 0.
 */
export function spectralAngle(a: Uint8Array, b: Uint8Array, channels: number): number {
  let sum = 0;
  for (let p = 0; p < a.length; p += channels) {
    let [dot, aa, bb] = [0, 0, 0];
    for (let c = p; c < p + channels; c++) {
      dot += a[c] * b[c];
      aa += a[c] * a[c];
      bb += b[c] * b[c];
    }
    if (aa && bb) sum += Math.acos(Math.min(1, dot / Math.sqrt(aa * bb)));
    else if (aa || bb) sum += Math.PI / 2;
  }
  return (sum * channels) / a.length;
}
