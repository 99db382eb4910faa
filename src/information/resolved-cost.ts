/** The time that resolved information takes on this machine, from random points of the right sizes. */

import { Rng } from '../base/random.js';
import { quickest } from '../base/timing.js';
import { type MomentGroup, resolvedAtMoment, type Variant } from './resolved-moment.js';

/** Sizes of one group at one moment. */
export interface LadderSizes {
  /** Samples. */
  n: number;
  /** Columns of T. */
  d: number;
  /** Recorded noise draws of each sample. */
  draws: number;
  classes: number;
}

/** Seconds of the ladders of one group, I(X;T) in `variants` (default those of a run) and I(T;Ŷ). Throws as `resolvedAtMoment` does. */
export async function ladderSeconds(
  { n, d, draws, classes }: LadderSizes,
  variants?: readonly Variant[],
): Promise<number> {
  const rng = new Rng(0, 'resolved cost');
  const noiseFree = rng.normals(n * d);
  const noisy = rng.normals(draws * n * d).map((v, i) => v + noiseFree[i % (n * d)]);
  // Large groups take long enough for one to be timed.
  const count = Math.max(1, Math.min(8, Math.floor(1e8 / (n * n * d))));
  const groups = Array.from({ length: count }, (_, i): MomentGroup => {
    return { id: String(i), clean: true, n, noiseFree, draws: noisy };
  });
  const head = { weights: rng.normals(classes * d), classes, gamma: 1 };
  const seconds = await quickest(1, async () => resolvedAtMoment(groups, { d, seed: 0, moment: 0, head, variants }));
  return seconds / count;
}
