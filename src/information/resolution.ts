/** The factor κ by which the network's noise is magnified: the ladder of values, and the choice of one κ per quantity. */

/** The ladder of κ: 1, √2, 2, … 32. */
export const KAPPAS: readonly number[] = Array.from({ length: 11 }, (_, k) => 2 ** (k / 2));

/** Shares of ln n between which a value is resolved: it can still rise and fall. */
export const RESOLVED: readonly [number, number] = [0.1, 0.9];

/**
 * The κ at which the average of the clean classes over time is nearest to ½ ln n; the smaller one of two equally near ones. `clean[k]` is that
 * average at `kappas[k]`, nats. One κ is used for all moments and groups of a run, because a κ per moment would remove the trajectory.
 */
export function chooseKappa(kappas: readonly number[], clean: ArrayLike<number>, n: number): number {
  const middle = Math.log(n) / 2;
  let best = 0;
  for (let k = 1; k < kappas.length; k++) {
    const nearer = Math.abs(clean[k] - middle) - Math.abs(clean[best] - middle);
    if (nearer < 0 || (nearer === 0 && kappas[k] < kappas[best])) best = k;
  }
  return kappas[best];
}

/** Whether a value lies between 0.1 and 0.9 of ln n. */
export const isResolved = (nats: number, n: number): boolean =>
  nats >= RESOLVED[0] * Math.log(n) && nats <= RESOLVED[1] * Math.log(n);
