/**
 * Which side of a class is the payload: a network that never saw the class is asked what is on the images. Samples that were brought
 * there from all over the set show it the classes it knows; those that belong there are strange to it, and look like the few
 * classes that theirs resembles. The size of a side says nothing: an attack may well outnumber its class.
 */

import { gather, without } from '../datasets/select.js';
import type { ImageSet } from '../datasets/types.js';
import type { Matrix } from '../information/columns.js';
import type { WatchSettings } from './look.js';
import { train, untrained } from './watch.js';

/** What a network that never saw a class makes of one side of it. */
export interface SideContent {
  /** Entropy of the classes that a side's samples look like, over that of all other classes alike: 0 … 1. */
  spread: number;
  /** Mean probability of the class a sample looks most like, 0 … 1. */
  confidence: number;
}

/**
 * What the network makes of the samples of each side, the first where `side` is not above 0; logits [n, classes], side [n]. `known`:
 * classes the network was trained on. The spread is that of equal numbers of both sides, evenly through the larger: more samples show
 * more classes.
 */
export function contentOf(
  logits: Matrix,
  side: ArrayLike<number>,
  except: number,
  known = logits.d - 1,
): [SideContent, SideContent] {
  const { data, n, d } = logits;
  const sides = [false, true].map((up) => [...Array(n).keys()].filter((i) => side[i] > 0 === up));
  const fewest = Math.min(...sides.map((s) => s.length));
  const of = (rows: number[]): SideContent => {
    const shown = rows.map((i) => {
      let best = -1;
      for (let k = 0; k < d; k++) if (k !== except && (best < 0 || data[i * d + k] > data[i * d + best])) best = k;
      let sum = 0;
      for (let k = 0; k < d; k++) if (k !== except) sum += Math.exp(data[i * d + k] - data[i * d + best]);
      return { best, confidence: 1 / sum };
    });
    const counts = new Array<number>(d).fill(0);
    for (let j = 0; j < fewest; j++) counts[shown[Math.floor(((j + 0.5) * rows.length) / fewest)].best]++;
    const entropy = counts.reduce((s, c) => (c > 0 ? s - (c / fewest) * Math.log(c / fewest) : s), 0);
    return {
      spread: fewest > 0 ? entropy / Math.log(known) : 0,
      confidence: rows.length > 0 ? shown.reduce((s, v) => s + v.confidence, 0) / rows.length : 0,
    };
  };
  return [of(sides[0]), of(sides[1])];
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
