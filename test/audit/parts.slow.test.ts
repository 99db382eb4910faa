/** The parts of a class, where it is known in how many places its samples lie. */
import { describe, expect, it } from 'vitest';
import { twoClusters } from '../../src/audit/clusters.js';
import { logOddsOf, partsOf } from '../../src/audit/parts.js';
import { Rng } from '../../src/base/random.js';

/** Samples around the given number of distant places, `each` of them in a place; two checkpoints of ten columns. */
function places(count: number, each: number) {
  const rng = new Rng(4, 'places');
  const [n, d] = [count * each, 10];
  const data = Float32Array.from({ length: n * d }, (_, at) => {
    const place = Math.floor(at / d / each);
    return rng.normal() + (place > 0 && at % d === place ? 14 : 0);
  });
  const features = { data, n, d };
  const checkpoint = { features, t: features, logits: features, loss: new Float32Array(n) };
  return { n, checkpoints: [1, 2].map((epoch) => ({ epoch, ...checkpoint })) };
}

const others = [0.01, -0.02, 0.03, 0, 0.02].map(
  (v) =>
    ({ separation: v, 'two-sidedness': v }) as Parameters<typeof partsOf>[3] extends readonly (infer R)[] | null
      ? R
      : never,
);

describe('the parts of a class', () => {
  it('are its places, and the log-odds of some of these are high for their samples alone', async () => {
    const { n, checkpoints } = places(4, 40);
    const own = Int32Array.from({ length: n }, (_, i) => i);
    const { logOdds } = await twoClusters(checkpoints, own, 0);
    const parts = await partsOf(checkpoints, own, logOdds, others, 0);
    const found = parts.map((p) => new Set(p.places.map((k) => Math.floor(k / 40))));
    expect(found.map((s) => [...s]).sort()).toEqual([[0], [1], [2], [3]]);
    const chosen = new Set([...parts.keys()].filter((k) => !found[k].has(0)));
    const z = logOddsOf(parts, chosen, n);
    expect([...own].every((i) => z[i] > 0 === i >= 40)).toBe(true);
  });

  it('are found where one checkpoint shows one place and the next another', async () => {
    // The last two checkpoints, which alone are split, show one place each: all other samples are at place 0.
    const { n, checkpoints } = places(6, 40);
    const only = (place: number) => {
      const { features } = checkpoints[0];
      const data = features.data.map((v, at) => (at % features.d !== place && v > 7 ? v - 14 : v));
      return { ...checkpoints[0], features: { ...features, data } };
    };
    const own = Int32Array.from({ length: n }, (_, i) => i);
    const { logOdds } = await twoClusters([...checkpoints, only(1), only(2)], own, 0);
    const apart = [1, 2].filter((place) => logOdds[place * 40] > 0 !== logOdds[0] > 0);
    expect(apart.length).toBe(1);
    expect(
      [...own].every((i) => logOdds[i] > 0 === logOdds[Math.floor(i / 40) === apart[0] ? apart[0] * 40 : 0] > 0),
    ).toBe(true);
    expect(Math.abs(logOdds[0])).toBeGreaterThan(5);
  });

  it('of one split have its log-odds', async () => {
    const { n, checkpoints } = places(2, 40);
    const own = Int32Array.from({ length: n }, (_, i) => i);
    const { logOdds } = await twoClusters(checkpoints, own, 0);
    const parts = await partsOf(checkpoints, own, logOdds, null, 0);
    expect(parts.length).toBe(2);
    logOddsOf(parts, new Set([1]), n).forEach((z, i) => {
      expect(z).toBeCloseTo(logOdds[i], 6);
    });
  });
});
