/** Recordings whose answer is known. */
import { Rng } from '../../src/base/random.js';

export const [CLASSES, EACH, D] = [10, 90, 12];

/**
 * Recordings of normal classes; `apart`: how far the first `far` samples of class 2 lie from the others, in standard deviations, and their `loss` in nats;
 * `straggler`: how far the sample after these does.
 */
export function recorded(apart: number, { far = 20, lossOfFar = 1, straggler = Number.NaN } = {}) {
  const rng = new Rng(4, 'defence test');
  const n = CLASSES * EACH;
  const labels = Int32Array.from({ length: n }, (_, i) => Math.floor(i / EACH));
  const moved = (i: number) => labels[i] === 2 && i % EACH < far;
  const features = Float32Array.from({ length: n * D }, (_, at) => {
    const [i, c] = [Math.floor(at / D), at % D];
    const x = rng.normal();
    if (c === 11 && i === 2 * EACH + far && Number.isFinite(straggler)) return straggler;
    return x + (c === labels[i] ? 4 : 0) + (c === 11 && moved(i) ? apart : 0);
  });
  const t = features.map((v) => v + 0.2 * rng.normal());
  const matrix = (data: Float32Array, d: number) => ({ data, n, d });
  const loss = Float32Array.from({ length: n }, (_, i) => (moved(i) ? lossOfFar : 1));
  const one = {
    features: matrix(features, D),
    t: matrix(t, D),
    logits: matrix(new Float32Array(n * CLASSES), CLASSES),
    loss,
  };
  return { labels, moved, checkpoints: [1, 4].map((epoch) => ({ epoch, ...one })) };
}
