/**
 * Which side of a class is the payload: a network that never saw the class is asked what is on the images. Samples that were brought
 * there from all over the set show it the classes it knows; those that belong there are strange to it, and look like the few
 * classes that theirs resembles. The size of a side says nothing: an attack may well outnumber its class.
 */

import { gather, without } from '../datasets/select.js';
import type { ImageSet } from '../datasets/types.js';
import type { Matrix } from '../information/columns.js';
import { train, untrained, type WatchSettings } from './watch.js';

/** What a network that never saw a class makes of one side of it. */
export interface SideContent {
  /** Entropy of the classes that a side's samples look like, over that of all other classes alike: 0 … 1. */
  spread: number;
  /** Mean probability of the class a sample looks most like, 0 … 1. */
  confidence: number;
}

/** What the network makes of the samples of each side, the first where `side` is not above 0; logits [n, classes], side [n]. */
export function contentOf(logits: Matrix, side: ArrayLike<number>, except: number): [SideContent, SideContent] {
  const { data, n, d } = logits;
  const of = (up: boolean): SideContent => {
    const counts = new Array<number>(d).fill(0);
    let confidence = 0;
    let total = 0;
    for (let i = 0; i < n; i++) {
      if (side[i] > 0 !== up) continue;
      let best = -1;
      for (let k = 0; k < d; k++) if (k !== except && (best < 0 || data[i * d + k] > data[i * d + best])) best = k;
      let sum = 0;
      for (let k = 0; k < d; k++) if (k !== except) sum += Math.exp(data[i * d + k] - data[i * d + best]);
      counts[best]++;
      confidence += 1 / sum;
      total++;
    }
    const entropy = counts.reduce((s, c) => (c > 0 ? s - (c / total) * Math.log(c / total) : s), 0);
    return { spread: total > 0 ? entropy / Math.log(d - 1) : 0, confidence: total > 0 ? confidence / total : 0 };
  };
  return [of(false), of(true)];
}

/** Trains on the set without the samples `own` of a class, and gives the logits of these, [own, classes]. */
export async function strangersLogits(
  set: ImageSet,
  classes: number,
  own: Int32Array,
  settings: WatchSettings,
  step: (share: number) => void,
): Promise<Matrix> {
  const trainer = await train(untrained(without(set, own), classes, settings), step);
  const [{ logits }] = await trainer.probe(gather(set, own), 1);
  await trainer.release();
  return { data: logits, n: own.length, d: classes };
}
