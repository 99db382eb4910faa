/** A fingerprint of a data set, for cache keys. */
import { createHash } from 'node:crypto';

/** SHA-256 of images or texts and of labels. */
export function dataHash({
  labels,
  ...content
}: { labels: Int32Array } & ({ images: Uint8Array } | { texts: string[] })): string {
  const hash = createHash('sha256');
  hash.update('texts' in content ? JSON.stringify(content.texts) : content.images);
  return hash.update(new Uint8Array(labels.buffer)).digest('hex');
}
