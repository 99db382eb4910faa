/**
 * Limits: class-balanced, seeded choices of samples, the same for every data set.
 *
 * A limit of L over k classes selects ⌊L/k⌋ samples of each class, and one more of each of the first L mod k classes. If a class has fewer,
 * all of its samples are selected and the other classes share the rest as evenly as possible; `imbalance` then reports it. A limit above
 * the number of samples selects all.
 */
import { UserError } from '../base/errors.js';
import { Rng } from '../base/random.js';

/** Throws `UserError` unless `limit` is a whole number of at least one sample per class. */
export function checkLimit(limit: number, classes: number, split: string): void {
  if (!Number.isInteger(limit) || limit < classes) {
    throw new UserError(
      `${split} limit ${limit}: allowed are whole numbers from ${classes} (one image for each class) upwards`,
    );
  }
}

/**
 * Number of items to take of each class, at most `available[k]`, so that the sum is min(total, Σ available) and the numbers are as even as
 * possible. A remainder goes to the classes with the lowest numbers.
 */
export function evenShares(available: ArrayLike<number>, total: number): number[] {
  const shares = new Array<number>(available.length).fill(0);
  let left = total;
  for (;;) {
    const open = shares.flatMap((share, k) => (share < available[k] ? [k] : []));
    if (!open.length || left <= 0) return shares;
    // All classes with items left get the same number until the smallest is exhausted; the last round adds single items.
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
 * Positions of `total` samples, ascending, balanced over the classes and random within each. With the same seed and purpose, a smaller
 * choice is part of a larger one as long as no class is exhausted.
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

/** Positions that an optional limit selects; all without a limit. Throws `UserError` as `checkLimit`. */
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
 * A seeded tenth as the test set, balanced over the classes with at least one sample of each; the rest is the training set. Only `eligible`
 * positions are held out; default all. Throws `UserError` if a class would have no training sample.
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

/** One line with the smallest and the largest class, if a class is empty or their sizes differ by more than one; else none. */
export function imbalance(labels: ArrayLike<number>, classes: readonly string[], split: string): string[] {
  const counts = new Array<number>(classes.length).fill(0);
  for (let i = 0; i < labels.length; i++) counts[labels[i]]++;
  const low = Math.min(...counts);
  const high = Math.max(...counts);
  if (high - low <= 1 && low > 0) return [];
  const name = (count: number) => `"${classes[counts.indexOf(count)]}" has ${count}`;
  return [`${split} classes are uneven: ${name(low)} images, ${name(high)}`];
}
