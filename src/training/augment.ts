/** Data augmentation: random changes of the training images, drawn anew in every epoch. The paper uses none. */
import type { Rng } from '../base/random.js';

/**
 * `crop`: a shift by up to an eighth of the side in each direction, with zeros at the edge (a random crop of the padded image; 4 pixels
 * of 32, as usual for CIFAR). `flip`: mirrored left to right with probability ½.
 */
export const augmentations = ['none', 'crop', 'flip', 'crop-flip'] as const;
export type Augmentation = (typeof augmentations)[number];

/** Changes images [n, h, w, c] uint8 in place. Every kind draws three numbers per image, so that kinds share their random numbers. */
export function augment(
  images: Uint8Array,
  { height, width, channels }: { height: number; width: number; channels: number },
  kind: Augmentation,
  rng: Rng,
): void {
  if (kind === 'none') return;
  const size = height * width * channels;
  const reach = Math.floor(Math.min(height, width) / 8);
  const before = new Uint8Array(size);
  for (let from = 0; from < images.length; from += size) {
    const [shiftY, shiftX, side] = [rng.int(2 * reach + 1) - reach, rng.int(2 * reach + 1) - reach, rng.int(2)];
    const [dy, dx] = kind === 'flip' ? [0, 0] : [shiftY, shiftX];
    const mirror = kind !== 'crop' && side === 1;
    if (dy === 0 && dx === 0 && !mirror) continue;
    before.set(images.subarray(from, from + size));
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++) {
        const [sy, sx] = [y + dy, (mirror ? width - 1 - x : x) + dx];
        const inside = sy >= 0 && sy < height && sx >= 0 && sx < width;
        for (let c = 0; c < channels; c++)
          images[from + (y * width + x) * channels + c] = inside ? before[(sy * width + sx) * channels + c] : 0;
      }
  }
}
