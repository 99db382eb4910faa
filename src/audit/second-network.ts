/** A network that is trained without some samples of an untrusted set, and is asked what samples show. */
import { gather, without } from '../datasets/select.js';
import type { ImageSet } from '../datasets/types.js';
import type { Matrix } from '../information/columns.js';
import type { WatchSettings } from './checkpoint.js';
import { train, untrained } from './watch.js';

/**
 * Epochs of the other networks: a share of the audit's own, and no fewer than `least`. They only have to tell apart what two clusters
 * show, which takes less training than the clusters themselves.
 */
const EPOCHS = { share: 1 / 3, least: 6 };

/** Epochs of a network that is asked what samples show, beside an audit of `epochs`. */
export const epochsOfOthers = (epochs: number): number => Math.max(EPOCHS.least, Math.ceil(EPOCHS.share * epochs));

/** What a network makes of samples. */
export interface Shown {
  /** Logits of the samples, [n, classes]. */
  logits: Matrix;
}

/** Trains a network on the set without the samples `left`, and asks it about the samples `asked`, both rows of the set. `step` hears the share of the training done, and may throw to end it. */
export async function shownWithout(
  set: ImageSet,
  classes: number,
  left: Int32Array,
  asked: Int32Array,
  settings: WatchSettings,
  step: (share: number) => void,
): Promise<Shown> {
  const trainer = await train(untrained(without(set, left), classes, settings), step);
  const [{ logits }] = await trainer.probe(gather(set, asked), 1);
  await trainer.release();
  return { logits: { data: logits, n: asked.length, d: classes } };
}

/** The class with the largest logit in a row of logits [n, d]. */
export function strongest(logits: Float32Array, row: number, d: number): number {
  let best = 0;
  for (let k = 1; k < d; k++) if (logits[row * d + k] > logits[row * d + best]) best = k;
  return best;
}
