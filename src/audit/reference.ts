/**
 * The clusters of all classes against those of classes of clean sets. If most or all classes of a set are targets, no class of the set
 * shows what a clean class looks like; a fixed reference does. It is set from clean sets alone (docs/audit.md).
 */
import { studentCdf } from '../dynamics/student.js';

/** How clear two clusters are: ln d′ and held-out gain, both in excess of chance. */
export interface Clearness {
  separation: number;
  gain: number;
}

/** What classes of clean sets show: mean, and standard deviations between sets and between the classes of a set. */
const REFERENCE: Record<keyof Clearness, { mean: number; between: number; within: number }> = {
  separation: { mean: 0.25, between: 0.11, within: 0.12 },
  gain: { mean: 0.13, between: 0.065, within: 0.06 },
};
/** Degrees of freedom of these standard deviations. */
const FREEDOM = 10;
/** Standard deviation of a median of normal values over that of their mean. */
const MEDIAN = Math.sqrt(Math.PI / 2);

/** Chance that a clean set, or one class of it, lies as high: of both signals, the larger, as two clusters differ in both. */
function chanceOf(clearness: Clearness, share: number): number {
  const of = (what: keyof Clearness) => {
    const { mean, between, within } = REFERENCE[what];
    const z = (clearness[what] - mean) / Math.hypot(between, share * within);
    return Number.isFinite(z) ? studentCdf(-z, FREEDOM) : 1;
  };
  return Math.max(of('separation'), of('gain'));
}

/** Chance that a clean class of any set shows clusters as clear as these. */
export const chanceOfClean = (clusters: Clearness): number => chanceOf(clusters, 1);

/** Whether the clusters of a class are clearer than those of clean classes on average. */
export const isClear = ({ separation, gain }: Clearness): boolean =>
  separation > REFERENCE.separation.mean && gain > REFERENCE.gain.mean;

/** Chance that the median class of a clean set shows clusters as clear as the median class of this one; null for classes not judged. */
export function chanceOfSet(split: readonly (Clearness | null)[]): number {
  const judged = split.filter((s) => s !== null);
  const median = (of: (s: Clearness) => number) => {
    const sorted = judged
      .map(of)
      .filter(Number.isFinite)
      .sort((a, b) => a - b);
    const half = (sorted.length - 1) / 2;
    return (sorted[Math.floor(half)] + sorted[Math.ceil(half)]) / 2;
  };
  const typical = { separation: median((s) => s.separation), gain: median((s) => s.gain) };
  return chanceOf(typical, judged.length > 2 ? MEDIAN / Math.sqrt(judged.length) : 1);
}
