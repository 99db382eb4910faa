/**
 * STRIP (Gao et al. 2019): an image is blended with others at random; where a trigger decides, the prediction stays the same, and the
 * entropy of the predictions is low.
 */
import { Rng } from '../../base/random.js';
import type { ImageSet } from '../../datasets/types.js';
import type { Trainer } from '../../training/trainer.js';

/** Images that each is blended with, half and half. The paper takes 100; the mean entropy settles long before. */
const BLENDS = 8;

/** Score of every sample, [n]: the mean entropy of predictions on its blends, nats, negated. */
export async function strip(trainer: Trainer, set: ImageSet, classes: number, seed: number): Promise<Float64Array> {
  const rng = new Rng(seed, 'strip');
  const size = set.height * set.width * set.channels;
  const scores = new Float64Array(set.n);
  for (let b = 0; b < BLENDS; b++) {
    const order = rng.permutation(set.n);
    const images = set.images.slice();
    for (let i = 0; i < set.n; i++)
      for (let p = 0; p < size; p++)
        images[i * size + p] = (set.images[i * size + p] + set.images[order[i] * size + p]) >> 1;
    const [{ logits }] = await trainer.probe({ ...set, images }, 1);
    for (let i = 0; i < set.n; i++) {
      let most = Number.NEGATIVE_INFINITY;
      for (let k = 0; k < classes; k++) most = Math.max(most, logits[i * classes + k]);
      let [sum, weighted] = [0, 0];
      for (let k = 0; k < classes; k++) {
        const e = Math.exp(logits[i * classes + k] - most);
        sum += e;
        weighted += e * (logits[i * classes + k] - most);
      }
      // Entropy of a softmax: ln Σe − Σ p·z. Scores are its negative.
      scores[i] -= (Math.log(sum) - weighted / sum) / BLENDS;
    }
  }
  return scores;
}
