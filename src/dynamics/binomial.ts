/** Exact intervals of a share of n repetitions. */

/** P(K ≤ k) of the binomial distribution. */
export function binomialCdf(k: number, n: number, p: number): number {
  if (p <= 0 || k >= n) return 1;
  if (p >= 1) return 0;
  let term = n * Math.log1p(-p);
  let sum = Math.exp(term);
  for (let i = 1; i <= k; i++) {
    term += Math.log((n - i + 1) / i) + Math.log(p) - Math.log1p(-p);
    sum += Math.exp(term);
  }
  return sum;
}

/** The share p with P(K ≤ k) = `chance`, by bisection; P falls with p. */
export function shareAt(k: number, n: number, chance: number): number {
  let [low, high] = [0, 1];
  for (let i = 0; i < 50; i++) {
    const middle = (low + high) / 2;
    if (binomialCdf(k, n, middle) > chance) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** Interval of a share by Clopper and Pearson 1934, which holds it with a chance of at least 1 − `alpha`. */
export const binomialInterval = (k: number, n: number, alpha: number): [number, number] => [
  k === 0 ? 0 : shareAt(k - 1, n, 1 - alpha / 2),
  k === n ? 1 : shareAt(k, n, alpha / 2),
];
