/**
 * Which cluster of a class is poisoned: a network that was trained without the class is asked what its images show. Poisoned samples
 * come from other classes, which that network knows: together they look like all of these, each clearly like one. Clean samples show
 * a class it does not know: they look like the few classes that resemble it. The size of a cluster says nothing, because poisoned
 * samples may outnumber the clean ones.
 */

import { mean } from '../dynamics/trajectory.js';
import type { Matrix } from '../information/columns.js';

/** What one cluster of a class looks like to a network that was trained without the class. */
export interface SideContent {
  /** Entropy of the predicted classes, divided by that of all other classes in equal numbers: 0 … 1. */
  spread: number;
  /** Mean probability of the predicted class, 0 … 1. */
  confidence: number;
  /** Standard error of `confidence`. */
  error: number;
}

/**
 * What both clusters of a class show, the first being that with `cluster` not above 0: logits [n, classes], `cluster` [n]. The class
 * `except` itself is never predicted; `known` is the number of classes the network was trained on. The spread is that of equal numbers
 * of samples, taken evenly through the larger cluster, because more samples show more classes.
 */
export function contentOf(
  logits: Matrix,
  cluster: ArrayLike<number>,
  except: number,
  known = logits.d - 1,
): [SideContent, SideContent] {
  const { data, n, d } = logits;
  const clusters = [false, true].map((up) => [...Array(n).keys()].filter((i) => cluster[i] > 0 === up));
  const fewest = Math.min(...clusters.map((s) => s.length));
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
    const confidence = rows.length > 0 ? mean(shown.map((v) => v.confidence)) : 0;
    const squares = shown.reduce((s, v) => s + (v.confidence - confidence) ** 2, 0);
    return {
      spread: fewest > 0 ? entropy / Math.log(known) : 0,
      confidence,
      error: rows.length > 1 ? Math.sqrt(squares / (rows.length - 1) / rows.length) : 0,
    };
  };
  return [of(clusters[0]), of(clusters[1])];
}

/**
 * Spread from which a cluster counts as showing several other classes, many, and nearly all of them. A natural cluster of a class may show one other
 * class, or two, clearly: a trouser that is a dress to a network that knows no trousers. Clean clusters of CIFAR-10 show more of them, less clearly: up to
 * 0.84 (docs/audit.md).
 */
export const SHOWN = { several: 0.5, many: 0.75, nearlyAll: 0.87 };
/** Standard errors by which the confidences of two clusters have to differ to say anything. */
const ERRORS = 2;

/**
 * Decides which cluster is poisoned: the one with the higher spread and the higher confidence, provided that it shows several other classes. If
 * the two disagree, or the confidences differ by no more than chance, the one with the higher spread, provided that it shows many other classes;
 * otherwise `poisoned` is null. Both may well belong to the class then, as under a clean-label attack. A choice by the spread alone is doubtful, unless
 * nearly all other classes are shown: clean clusters of a class that is hard to learn may look like it.
 */
export function decidePoisoned(
  first: SideContent,
  second: SideContent,
): { poisoned: 0 | 1 | null; isDoubtful: boolean } {
  const spread = second.spread - first.spread;
  const confidence = second.confidence - first.confidence;
  const isClear = Math.abs(confidence) > ERRORS * Math.hypot(first.error, second.error);
  const agree = isClear && spread * confidence >= 0;
  const widest = Math.max(first.spread, second.spread);
  if (widest < (agree ? SHOWN.several : SHOWN.many)) return { poisoned: null, isDoubtful: false };
  return {
    poisoned: spread + (agree ? confidence : 0) > 0 ? 1 : 0,
    isDoubtful: !agree && widest < SHOWN.nearlyAll,
  };
}

/** Parts of a class that are taken for poisoned, and what these and the others show. */
export interface Partition {
  /** Numbers of the parts taken for poisoned; null if that is not clear. */
  poisoned: ReadonlySet<number> | null;
  /** Whether the choice is a doubtful one (`decidePoisoned`). */
  isDoubtful: boolean;
  /** What the other parts show, and what these do; those of the most likely choice, where it is not clear. */
  content: [SideContent, SideContent];
}

/**
 * Which of the parts of a class are poisoned: logits [own, classes]; `part`: number of the part of each sample, [own]. Of all ways to
 * divide the parts in two, the one whose poisoned parts show the most of other classes, in spread and confidence.
 */
export function choosePoisoned(
  logits: Matrix,
  part: ArrayLike<number>,
  except: number,
  known = logits.d - 1,
): Partition {
  const parts = Math.max(...Array.from(part)) + 1;
  let best: Partition | null = null;
  let most = Number.NEGATIVE_INFINITY;
  for (let chosen = 1; chosen < 2 ** parts - 1; chosen++) {
    const cluster = Uint8Array.from({ length: logits.n }, (_, i) => (chosen >> part[i]) & 1);
    const content = contentOf(logits, cluster, except, known);
    const { poisoned: decided, isDoubtful } = decidePoisoned(...content);
    const clear = decided === 1;
    const [rest, poisoned] = content;
    const more = poisoned.spread - rest.spread + poisoned.confidence - rest.confidence;
    // First choices in which spread and confidence agree, then other clear ones: the rest of a choice that takes nearly all parts for
    // poisoned shows few classes as well, but clearly.
    const isAgreed = clear && poisoned.spread >= rest.spread && poisoned.confidence >= rest.confidence;
    const rank = more + (isAgreed ? 20 : clear ? 10 : 0);
    if (rank <= most) continue;
    most = rank;
    const numbers = new Set([...Array(parts).keys()].filter((k) => (chosen >> k) & 1));
    best = { poisoned: clear ? numbers : null, isDoubtful, content };
  }
  return best!;
}
