import type { Average } from '../dynamics/index.js';

/** `−0.25`, a zero without a sign. */
export const number = (x: number, digits = 2) =>
  x
    .toFixed(digits)
    .replace(/^-(?=0\.?0*$)/, '')
    .replace('-', '−');
/** `0.12 (95 % −0.03 to 0.27, n = 3)`; without an interval where there is none. */
export const withInterval = (a: Average, digits = 2) =>
  Number.isFinite(a.interval[0])
    ? `${number(a.mean, digits)} (95 % ${number(a.interval[0], digits)} to ${number(a.interval[1], digits)}, n = ${a.n})`
    : `${number(a.mean, digits)} (n = ${a.n})`;
