/** Integers as samples: whether they name categories, and numbers that coincide because they were rounded. */
import { Rng } from '../base/random.js';
import type { Samples } from './types.js';

/** Integers with at most this many different rows are read as categories: class numbers, flags. A convention. */
export const FEW = 20;

/** Different rows. In sorted order they stand together, and most comparisons end at the first column. */
export function differentRows({ data, n, d }: Samples): number {
  const compare = (i: number, j: number) => {
    for (let c = 0; c < d; c++) {
      const difference = data[i * d + c] - data[j * d + c];
      if (difference !== 0) return difference;
    }
    return 0;
  };
  const order = Int32Array.from({ length: n }, (_, i) => i).sort(compare);
  return order.reduce((count, i, k) => count + Number(k === 0 || compare(order[k - 1], i) !== 0), 0);
}

/**
 * The same samples, spread evenly within the resolution of each column, its smallest difference between two values: rounded numbers coincide, and
 * estimators that search neighbours divide by the distance to one (Kraskov, Stögbauer and Grassberger 2004, section II, advise noise
 * below the resolution). Columns without ties stay as they are.
 */
export function withoutTies({ data, n, d, discrete }: Samples, seed: number, which: string): Samples {
  const out = Float64Array.from(data);
  for (let c = 0; c < d; c++) {
    const sorted = Float64Array.from({ length: n }, (_, i) => data[i * d + c]).sort();
    let step = Number.POSITIVE_INFINITY;
    let ties = false;
    for (let i = 1; i < n; i++) {
      const difference = sorted[i] - sorted[i - 1];
      if (difference === 0) ties = true;
      else step = Math.min(step, difference);
    }
    // A constant column has no resolution.
    if (!ties || step === Number.POSITIVE_INFINITY) continue;
    const rng = new Rng(seed, 'ties', which, c);
    for (let i = 0; i < n; i++) out[i * d + c] += step * (rng.uniform() - 0.5);
  }
  return { data: out, n, d, discrete };
}
