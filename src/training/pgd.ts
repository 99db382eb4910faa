/**
 * Adversarial examples by projected gradient ascent (PGD): Madry et al., "Towards Deep Learning Models Resistant to
 * Adversarial Attacks", ICLR 2018 (arXiv 1706.06083), without its random start.
 */
import type { Adversary } from '../attacks/types.js';

/** Gradient of every image's own loss with respect to it: images [n, size] and their labels → [n, size]. */
export type ImageGradient = (images: Float32Array, labels: Int32Array) => Promise<Float32Array>;

/**
 * Adversarial images [n, size] with a higher loss of their labels. Each step moves by `step` along the gradient (L2: its direction, L∞:
 * its signs), projects onto the ball of radius `epsilon` about the image, and clips to [0, 1]. `images` stay unchanged. `onStep` is called
 * after every step and may throw to stop the work.
 */
export async function pgd(
  images: Float32Array,
  labels: Int32Array,
  gradient: ImageGradient,
  { norm, epsilon, step, steps }: Omit<Adversary, 'surrogate'>,
  onStep?: (done: number) => void,
): Promise<Float32Array> {
  const size = images.length / labels.length;
  const out = images.slice();
  for (let s = 0; s < steps; s++) {
    const g = await gradient(out, labels);
    for (let from = 0; from < out.length; from += size) {
      const to = from + size;
      const along = norm === 'l2' ? step / (length(g, from, to) || 1) : step;
      for (let i = from; i < to; i++) out[i] += along * (norm === 'l2' ? g[i] : Math.sign(g[i]));
      if (norm === 'l2') {
        let squares = 0;
        for (let i = from; i < to; i++) squares += (out[i] - images[i]) ** 2;
        const shrink = Math.min(1, epsilon / Math.sqrt(squares || 1));
        for (let i = from; i < to; i++) out[i] = images[i] + shrink * (out[i] - images[i]);
      } else {
        for (let i = from; i < to; i++) out[i] = clamp(out[i], images[i] - epsilon, images[i] + epsilon);
      }
      for (let i = from; i < to; i++) out[i] = clamp(out[i], 0, 1);
    }
    onStep?.(s + 1);
  }
  return out;
}

function length(v: Float32Array, from: number, to: number): number {
  let squares = 0;
  for (let i = from; i < to; i++) squares += v[i] ** 2;
  return Math.sqrt(squares);
}

const clamp = (x: number, low: number, high: number) => Math.min(high, Math.max(low, x));
