/** Images as PNG data URIs, and the residual of a trigger. */
import type { GalleryImage } from './types.js';

type Shape = Pick<GalleryImage, 'height' | 'width' | 'channels'>;

/** uint8 [h, w, c] → `data:image/png;base64,…`; c = 1 or 3. */
export async function pngUri(pixels: Uint8Array, shape: Shape): Promise<string> {
  return `data:image/png;base64,${(await pngOf(pixels, shape)).toString('base64')}`;
}

/** uint8 [h, w, c] → the bytes of a PNG file; c = 1 or 3. */
export async function pngOf(pixels: Uint8Array, { height, width, channels }: Shape): Promise<Buffer> {
  if (channels !== 1 && channels !== 3) throw new RangeError(`an image has 1 or 3 channels, got ${channels}`);
  if (pixels.length !== height * width * channels) {
    throw new RangeError(
      `an image of ${height} × ${width} × ${channels} has ${height * width * channels} values, got ${pixels.length}`,
    );
  }
  const { default: sharp } = await import('sharp');
  return sharp(pixels, { raw: { width, height, channels } }).png({ compressionLevel: 9 }).toBuffer();
}

/** The change by the trigger, times `gain`, around mid-grey and clipped: `128 + gain · (triggered − clean)`. */
export function residual({ clean, triggered }: GalleryImage, gain = 10): Uint8Array {
  return Uint8Array.from(clean, (v, i) => Math.min(255, Math.max(0, 128 + gain * (triggered[i] - v))));
}
