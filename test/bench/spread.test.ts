/** The fit of how much classes of clean sets vary, on sets drawn from the law that it assumes. */
import { describe, expect, it } from 'vitest';
import { fitted } from '../../bench/spread.js';
import { Rng } from '../../src/base/random.js';

/** Sets of ten classes of 500 samples; the variance within a set is sd² times `freedom` over a χ² value with `freedom` degrees, if these are finite. */
function drawn(count: number, sd: number, freedom: number) {
  const rng = new Rng(4, 'sets');
  return Array.from({ length: count }, () => {
    const chi = Number.isFinite(freedom) ? rng.normals(freedom).reduce((s, v) => s + v * v, 0) / freedom : 1;
    const gain = Array.from(rng.normals(10), (v) => 0.1 + (sd / Math.sqrt(chi)) * v);
    return { dataset: 'drawn', images: 5000, separation: gain, gain };
  });
}

describe('the spread of classes fitted to clean sets', () => {
  it('is that of the law, and so are the degrees of freedom', () => {
    const { sd, freedom } = fitted(drawn(3000, 0.06, 25));
    // E[s²] is sd² · 25/23.
    expect(sd / (0.06 * Math.sqrt(25 / 23))).toBeCloseTo(1, 1);
    expect(freedom).toBeGreaterThan(19);
    expect(freedom).toBeLessThan(34);
  });

  it('counts for very many degrees of freedom where all sets are equally wide', () => {
    expect(fitted(drawn(3000, 0.06, Number.POSITIVE_INFINITY)).freedom).toBeGreaterThan(200);
  });
});
