/** How far the network's noise is magnified: the ladder of κ, and the one κ of a quantity. */

/** 1, √2, 2, … 32. */
export const KAPPAS: readonly number[] = Array.from({ length: 11 }, (_, k) => 2 ** (k / 2));

/** Shares of ln n between which a value can move both ways. */
export const RESOLVED: readonly [number, number] = [0.1, 0.9];

/**
 * The κ at which the clean classes, averaged over time, are nearest ½ ln n; the smaller one where two are equally near.
 * `clean[k]` is that average at `kappas[k]`, nats. One κ holds for all moments and groups of a run: a κ per moment would erase the
 * trajectory.
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

/** Whether a value lies between 0.1 and 0.9 of ln n; moments outside are marked. */
export const isResolved = (nats: number, n: number): boolean =>
  nats >= RESOLVED[0] * Math.log(n) && nats <= RESOLVED[1] * Math.log(n);
