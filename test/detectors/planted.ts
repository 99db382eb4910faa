/** Features with known poisoned samples, and those of test/golden/detectors.py. */
import { readFileSync } from 'node:fs';
import type { ImageSet } from '../../src/datasets/types.js';
import type { Matrix } from '../../src/information/columns.js';

/** Samples of a data set by their features alone. Detectors of features do not look at images, so the set has none. */
export interface Samples {
  set: ImageSet;
  features: Matrix;
}

export function samplesOf(rows: number[][], labels: number[]): Samples {
  const n = rows.length;
  return {
    set: { images: new Uint8Array(0), labels: Int32Array.from(labels), n, height: 0, width: 0, channels: 0 },
    features: { data: Float32Array.from(rows.flat()), n, d: rows[0].length },
  };
}

/** `each` samples of every class in turn; `features` makes one from its label and its number within the class. */
export function madeSamples(
  classes: number,
  each: number,
  features: (label: number, place: number) => number[],
): Samples {
  const labels = Array.from({ length: classes * each }, (_, i) => i % classes);
  return samplesOf(
    labels.map((label, i) => features(label, Math.floor(i / classes))),
    labels,
  );
}

/** For samples of `madeSamples`: whether each is one of the first `poisoned` of class `target`. */
export const plantedIn = ({ set }: Samples, classes: number, target: number, poisoned: number): boolean[] =>
  Array.from(set.labels, (label, i) => label === target && Math.floor(i / classes) < poisoned);

/** Positions of the samples that are flagged. */
export const positions = (flagged: Uint8Array | null): number[] =>
  [...flagged!.keys()].filter((i) => flagged![i] === 1);

interface Case {
  x: number[][];
  labels: number[];
  epsilon: number;
  trusted: number[][];
  trustedLabels: number[];
  scores: number[];
  classScores: number[];
  flagged: number[];
  targets: number[];
}

/** What NumPy computes from the equations of the papers. */
export const golden = JSON.parse(readFileSync(new URL('../golden/detectors.json', import.meta.url), 'utf8')) as Record<
  'spectre' | 'scan' | 'beatrix',
  Case
>;

/** Largest relative difference of two lists; values below a thousandth of the largest count as that. */
export function difference(found: ArrayLike<number>, truth: ArrayLike<number>): number {
  const all = Array.from(truth);
  const floor = Math.max(...all.map(Math.abs)) / 1000;
  return Math.max(...all.map((t, i) => Math.abs(found[i] - t) / Math.max(Math.abs(t), floor)));
}
