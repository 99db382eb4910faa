/** Special functions of one real argument, to about 1e-13 relative. */

/** Digamma ψ(x) = d/dx ln Γ(x) for x > 0: recurrence up to 10, then the asymptotic series. */
export function digamma(x: number): number {
  let shift = 0;
  while (x < 10) {
    shift -= 1 / x;
    x += 1;
  }
  const y = 1 / (x * x);
  const series = y * (1 / 12 - y * (1 / 120 - y * (1 / 252 - y * (1 / 240 - y * (1 / 132 - (y * 691) / 32760)))));
  return shift + Math.log(x) - 0.5 / x - series;
}

/** ψ(0) … ψ(n) as a table; ψ(0) is −∞. Counting estimators ask for whole numbers only. */
export function digammaTable(n: number): Float64Array {
  const table = new Float64Array(n + 1);
  table[0] = Number.NEGATIVE_INFINITY;
  for (let m = 1; m <= n; m++) table[m] = m === 1 ? digamma(1) : table[m - 1] + 1 / (m - 1);
  return table;
}

/** ln Γ(x) for x > 0: recurrence up to 10, then Stirling's series. */
export function logGamma(x: number): number {
  let shift = 0;
  while (x < 10) {
    shift -= Math.log(x);
    x += 1;
  }
  const y = 1 / (x * x);
  const series = (1 / x) * (1 / 12 - y * (1 / 360 - y * (1 / 1260 - y * (1 / 1680 - y / 1188))));
  return shift + (x - 0.5) * Math.log(x) - x + 0.5 * Math.log(2 * Math.PI) + series;
}
