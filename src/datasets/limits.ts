/**
 * Class-balanced, seeded choice of samples: what a limit means in every data set.
 *
 * A limit of L over k classes gives each class ⌊L/k⌋ samples, and one more to the first L mod k classes. A class that
 * has fewer gives all it has, and the others share the rest as evenly as possible; `imbalance` says so in words, so
 * that no set is silently uneven. A limit above what exists takes everything.
 */
import { UserError } from '../base/errors.js';
import { Rng } from '../base/random.js';

/** Throws unless `limit` is a whole number that gives every class a sample. */
export function checkLimit(limit: number, classes: number, split: string): void {
  if (!Number.isInteger(limit) || limit < classes) {
    throw new UserError(
      `${split} limit ${limit}: allowed are whole numbers from ${classes} (one image for each class) upwards`,
    );
  }
}

/**
 * How many of `available[k]` items each class gives so that `total` are taken, as evenly as possible; what cannot be
 * shared evenly goes to the classes of lowest number. The sum is min(total, Σ available).
 */
export function evenShares(available: ArrayLike<number>, total: number): number[] {
  const shares = new Array<number>(available.length).fill(0);
  let left = total;
  for (;;) {
    const open = shares.flatMap((share, k) => (share < available[k] ? [k] : []));
    if (!open.length || left <= 0) return shares;
    // Every open class rises together until the smallest is exhausted; the last round hands out single samples.
    const room = Math.min(...open.map((k) => available[k] - shares[k]));
    const step = Math.min(room, Math.floor(left / open.length));
    if (step === 0) {
      for (const k of open.slice(0, left)) shares[k]++;
      return shares;
    }
    for (const k of open) shares[k] += step;
    left -= step * open.length;
  }
}

/** Positions of each class's samples, in order: `byClass[k]` lists the i with `labels[i] === k`. */
export function indicesByClass(labels: ArrayLike<number>, classes: number): number[][] {
  const byClass: number[][] = Array.from({ length: classes }, () => []);
  for (let i = 0; i < labels.length; i++) byClass[labels[i]].push(i);
  return byClass;
}

/**
 * Positions of `total` samples, spread evenly over the classes and chosen at random within each, in ascending order.
 * With the same seed and purpose a smaller choice is contained in a larger one, as long as no class runs out.
 */
export function balancedChoice(
  labels: ArrayLike<number>,
  classes: number,
  total: number,
  seed: number,
  purpose: string,
): Int32Array {
  const byClass = indicesByClass(labels, classes);
  const shares = evenShares(
    byClass.map((members) => members.length),
    total,
  );
  const chosen = byClass.flatMap((members, k) => [...new Rng(seed, purpose, k).sample(members, shares[k])]);
  return Int32Array.from(chosen).sort();
}

/** The choice a data set makes under an optional limit: all positions without one. Throws `UserError` as `checkLimit`. */
export function limited(
  labels: ArrayLike<number>,
  classes: number,
  limit: number | undefined,
  seed: number,
  split: 'train' | 'test',
): Int32Array {
  if (limit === undefined) return positions(labels.length);
  checkLimit(limit, classes, split);
  return balancedChoice(labels, classes, limit, seed, `limit ${split}`);
}

/** All positions of a split of `n` samples. */
export const positions = (n: number) => Int32Array.from({ length: n }, (_, i) => i);

/** Positions of the first `each` samples of every class, in ascending order. */
export function firstOfEach(labels: ArrayLike<number>, classes: number, each: number): Int32Array {
  const first = indicesByClass(labels, classes).flatMap((members) => members.slice(0, each));
  return Int32Array.from(first).sort();
}

/**
 * A seeded tenth for testing, evenly from all classes and one sample of each at least; the rest is for training. Only
 * `eligible` positions are held out (left out: all). Throws `UserError` where nothing of a class would be left.
 */
export function holdOut(
  labels: ArrayLike<number>,
  classes: readonly string[],
  seed: number,
  eligible: Int32Array = positions(labels.length),
): { train: Int32Array; test: Int32Array } {
  const own = eligible.map((i) => labels[i]);
  const tenth = Math.max(new Set(own).size, Math.round(own.length / 10));
  const test = balancedChoice(own, classes.length, tenth, seed, 'hold out').map((j) => eligible[j]);
  const held = new Set(test);
  const train = positions(labels.length).filter((i) => !held.has(i));
  const left = new Set(train.map((i) => labels[i]));
  const bare = test.find((i) => !left.has(labels[i]));
  if (bare === undefined) return { train, test };
  throw new UserError(`class "${classes[labels[bare]]}" has too few images to hold a tenth out for testing`);
}

/** One line that names the smallest and the largest class where one is empty or they differ by more than one sample. */
export function imbalance(labels: ArrayLike<number>, classes: readonly string[], split: string): string[] {
  const counts = new Array<number>(classes.length).fill(0);
  for (let i = 0; i < labels.length; i++) counts[labels[i]]++;
  const low = Math.min(...counts);
  const high = Math.max(...counts);
  if (high - low <= 1 && low > 0) return [];
  const name = (count: number) => `"${classes[counts.indexOf(count)]}" has ${count}`;
  return [`${split} classes are uneven: ${name(low)} images, ${name(high)}`];
}
