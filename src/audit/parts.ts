/**
 * The clusters of a class. Poisoned samples may lie in more than one place, one for every class that they show, so a class is split
 * again as long as one of its parts has two clusters as no other class does.
 */
import type { Checkpoint } from './checkpoint.js';
import { FEWEST_SAMPLES, splitP, type TwoClusters, twoClusters } from './clusters.js';
import { SMALLEST_CLUSTER } from './mixture.js';

/** Parts of a class at most. Each takes a share of a class, so few can follow. */
const MOST_PARTS = 12;
/** P-value up to which a part is split again. */
const SPLIT = 0.01;

/** One part of a class. */
export interface Part {
  /** Places of its samples among those of the class. */
  places: number[];
  /** Log-odds, nats, [own], that a sample belongs to this part's side, for each split that led to it, the first split first. */
  path: Float64Array[];
}

/** Two sides of a split; no other split led to a sample that lies elsewhere, which belongs to neither. */
function sidesOf({ places, path }: Part, { logOdds }: TwoClusters, own: number): [Part, Part] {
  const side = (sign: 1 | -1): Part => {
    const odds = new Float64Array(own).fill(Number.NaN);
    places.forEach((k, i) => {
      odds[k] = sign * logOdds[i];
    });
    return { places: places.filter((k) => odds[k] > 0 || (sign < 0 && odds[k] === 0)), path: [...path, odds] };
  };
  return [side(-1), side(1)];
}

/** Number of the part of each of `own` samples, [own]. */
export function numbersOf(parts: readonly Part[], own: number): Int32Array {
  const part = new Int32Array(own);
  parts.forEach(({ places }, k) => {
    for (const at of places) part[at] = k;
  });
  return part;
}

/**
 * The parts of the class with samples `own` (rows of the set): the sides of its `first` split, and of those that follow. `others`:
 * values of classes that are not flagged; null: the first split alone. A single part if the first split leaves fewer than `SMALLEST_CLUSTER` samples on a side.
 */
export async function partsOf(
  checkpoints: readonly Checkpoint[],
  own: Int32Array,
  first: TwoClusters['logOdds'],
  others: readonly Record<'separation' | 'two-sidedness', number>[] | null,
  seed: number,
): Promise<Part[]> {
  const whole: Part = { places: [...own.keys()], path: [] };
  const apart = ([a, b]: [Part, Part]) => Math.min(a.places.length, b.places.length) >= SMALLEST_CLUSTER;
  const start = sidesOf(whole, { logOdds: first } as TwoClusters, own.length);
  if (!apart(start)) return [whole];
  if (!others) return start;
  const done: Part[] = [];
  let open: Part[] = start;
  while (open.length > 0 && done.length + open.length < MOST_PARTS) {
    // The largest first: it may hold what the others were taken from.
    open.sort((a, b) => b.places.length - a.places.length);
    const [part, ...rest] = open;
    open = rest;
    const split =
      part.places.length < FEWEST_SAMPLES
        ? null
        : await twoClusters(
            checkpoints,
            part.places.map((k) => own[k]),
            seed,
          );
    const sides = split && splitP(split, others) <= SPLIT ? sidesOf(part, split, own.length) : null;
    if (sides && apart(sides)) open.push(...sides);
    else done.push(part);
  }
  return [...done, ...open];
}

const logistic = (z: number) => 1 / (1 + Math.exp(-z));

/**
 * Log-odds of each sample of a class, nats, [own], that it lies in one of the `chosen` parts. The probability of a part is the product
 * of those along the splits that led to it, as far as they judged the sample; what is left belongs to no part and is shared out.
 */
export function logOddsOf(parts: readonly Part[], chosen: ReadonlySet<number>, own: number): Float64Array {
  return Float64Array.from({ length: own }, (_, k) => {
    let [inside, outside] = [0, 0];
    parts.forEach(({ path, places }, at) => {
      let p = 1;
      for (const odds of path) p *= Number.isNaN(odds[k]) ? places.length / own : logistic(odds[k]);
      if (chosen.has(at)) inside += p;
      else outside += p;
    });
    return Math.log(inside) - Math.log(outside);
  });
}
