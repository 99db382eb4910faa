/** A fingerprint of a data set, for cache keys. */
import { createHash } from 'node:crypto';

/** SHA-256 of images and labels. */
export function dataHash({ images, labels }: { images: Uint8Array; labels: Int32Array }): string {
  return createHash('sha256').update(images).update(new Uint8Array(labels.buffer)).digest('hex');
}
