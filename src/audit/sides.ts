/**
 * Which side of a class is the payload: a network that never saw the class is asked what is on the images. Samples that were brought
 * there from all over the set show it the classes it knows; those that belong there are strange to it, and look like the few
 * classes that theirs resembles. The size of a side says nothing: an attack may well outnumber its class.
 */

import { gather } from '../datasets/select.js';
import type { ImageSet } from '../datasets/types.js';
import type { Matrix } from '../information/columns.js';
import { type WatchSettings, watch } from './watch.js';

export interface SideContent {
  /** Entropy of the classes that a side's samples look like, over that of all other classes alike: 0 … 1. */
  spread: number;
  /** Mean probability of the class a sample looks most like, 0 … 1. */
  confidence: number;
}

/** What the network makes of the samples of each side; logits [n, classes] of the class's samples, `side` as odds. */
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

/** Trains on the set without class `c`, and says what each side of it shows: the first where `odds` are below 0, the second above. */
export async function sidesOf(
  set: ImageSet,
  classes: number,
  c: number,
  odds: ArrayLike<number>,
  settings: WatchSettings,
  step: (share: number) => void,
): Promise<[SideContent, SideContent]> {
  const rows = (inside: boolean) =>
    Int32Array.from([...set.labels.keys()].filter((i) => (set.labels[i] === c) === inside));
  const [own, rest] = [rows(true), rows(false)];
  const { looks, trainer } = await watch(gather(set, rest), classes, { ...settings, looks: [settings.epochs] }, step, {
    seen: gather(set, own),
  });
  await trainer.release();
  return contentOf(
    looks[0].logits,
    Array.from(own, (i) => odds[i]),
    c,
  );
}
