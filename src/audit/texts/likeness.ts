/** Which of two laws a sample is nearer to. */

/** Jensen–Shannon divergence of two laws, nats (Lin, "Divergence measures based on the Shannon entropy", IEEE Transactions on Information Theory 37(1), 1991). */
export function divergence(p: ArrayLike<number>, q: ArrayLike<number>): number {
  let sum = 0;
  for (let k = 0; k < p.length; k++) {
    const m = (p[k] + q[k]) / 2;
    if (p[k] > 0) sum += (p[k] / 2) * Math.log(p[k] / m);
    if (q[k] > 0) sum += (q[k] / 2) * Math.log(q[k] / m);
  }
  return sum;
}

/** Kolmogorov's distance of two samples, both ascending: the largest difference of their empirical laws. */
export function kolmogorov(a: Float64Array, b: Float64Array): number {
  let [i, j, most] = [0, 0, 0];
  while (i < a.length && j < b.length) {
    const x = Math.min(a[i], b[j]);
    while (i < a.length && a[i] <= x) i++;
    while (j < b.length && b[j] <= x) j++;
    most = Math.max(most, Math.abs(i / a.length - j / b.length));
  }
  return most;
}

/** Mean of Kolmogorov's law: √n times the distance of a sample of n from its own law. √(π/2)·ln 2. */
export const KOLMOGOROV_MEAN = Math.sqrt(Math.PI / 2) * Math.LN2;

/**
 * 0 where a sample is at the first law and 1 where it is at the second, from its distances to both. `noise` is the distance of a sample from its own law; it is taken off,
 * and `kept` of it stays, so that a small sample is no evidence either way.
 */
export function nearer(first: number, second: number, noise: number, kept: number): number {
  const [a, b] = [first, second].map((distance) => Math.max(0, distance - noise) + kept * noise);
  return a / (a + b);
}

/** Log-odds of a share. */
export const logit = (share: number): number => Math.log(share / (1 - share));
