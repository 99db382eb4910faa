/** I(X;T) of classes: resolved information at 32 times the noise of the network. */
import { describe, expect, it } from 'vitest';
import { estimateInput, inputSignal } from '../../src/audit/information.js';
import { Rng } from '../../src/base/random.js';
import { noiseAbout } from '../../src/information/noise-model.js';

const [CLASSES, SIZE, D, NOISE] = [6, 200, 4, 0.5];

/** T̄ of classes that are normal with one standard deviation per column, and T with noise; `apart` moves every other sample of the first class. */
function recorded(deviations: readonly number[], apart = 0, noise = NOISE) {
  const rng = new Rng(5, 'classes');
  const [n, d] = [CLASSES * SIZE, deviations.length];
  const members = Array.from({ length: CLASSES }, (_, c) => Array.from({ length: SIZE }, (_, i) => c * SIZE + i));
  const data = Float32Array.from({ length: n * d }, (_, e) => deviations[e % d] * rng.normal());
  for (let i = 0; i < SIZE; i += 2) data[i * d] += apart;
  const t = { data: data.map((v, e) => v + (deviations[e % d] > 0 ? noise * rng.normal() : 0)), n, d };
  const checkpoint = { features: { data, n, d }, t, logits: t, loss: new Float32Array(n) };
  return { checkpoints: [1, 2].map((epoch) => ({ epoch, ...checkpoint })), members };
}

describe('I(X;T) of an audit', () => {
  it('of a normal T is ½ Σ ln(1 + λ/κ²) over the variances λ in units of the noise, κ = 32', () => {
    const deviations = [8, 6, 4, 2];
    const { checkpoints, members } = recorded(deviations);
    const { values, pointwise } = estimateInput(checkpoints, members, 0);
    const truth = deviations.reduce((s, v) => s + 0.5 * Math.log(1 + (v / NOISE / 32) ** 2), 0);
    const average = values.reduce((a, b) => a + b, 0) / CLASSES;
    // 200 samples of a class know their variances to 5 %.
    expect(Math.abs(average / truth - 1)).toBeLessThan(0.06);
    for (const [c, rows] of members.entries())
      expect(rows.reduce((s, i) => s + pointwise[i], 0) / SIZE).toBeCloseTo(values[c], 5);
  });

  it('does not depend on the scale of T, nor on columns that are 0 in all samples', () => {
    const plain = recorded([8, 6, 4, 2]);
    const larger = plain.checkpoints.map(({ features, t, ...rest }) => ({
      ...rest,
      features: { ...features, data: features.data.map((v) => 4 * v) },
      t: { ...t, data: t.data.map((v) => 4 * v) },
    }));
    const of = (checkpoints: typeof plain.checkpoints) => estimateInput(checkpoints, plain.members, 0).values;
    for (const [c, v] of of(larger).entries()) expect(v).toBeCloseTo(of(plain.checkpoints)[c], 5);
    const padded = plain.checkpoints.map((checkpoint) => {
      const wider = ({ data, n }: { data: Float32Array; n: number }) => ({
        data: Float32Array.from({ length: n * (D + 1) }, (_, e) =>
          e % (D + 1) === 2 ? 0 : data[Math.floor(e / (D + 1)) * D + ((e % (D + 1)) - (e % (D + 1) > 2 ? 1 : 0))],
        ),
        n,
        d: D + 1,
      });
      return { ...checkpoint, features: wider(checkpoint.features), t: wider(checkpoint.t) };
    });
    for (const [c, v] of of(padded).entries()) expect(v).toBeCloseTo(of(plain.checkpoints)[c], 5);
  });

  it('finds the class whose samples lie in two places, and no other', () => {
    const { checkpoints, members } = recorded([8, 6, 4, 2], 24);
    const { p } = inputSignal(estimateInput(checkpoints, members, 0));
    expect(p[0]).toBeLessThan(0.01);
    expect(Math.min(...p.slice(1))).toBeGreaterThan(0.05);
    const { p: clean } = inputSignal(estimateInput(recorded([8, 6, 4, 2]).checkpoints, members, 0));
    expect(Math.min(...clean)).toBeGreaterThan(0.05);
  });

  it('is not estimated without noise, nor for a class of fewer than 100 samples', () => {
    const { checkpoints, members } = recorded([8, 6, 4, 2]);
    const silent = checkpoints.map((c) => ({ ...c, t: c.features }));
    expect(estimateInput(silent, members, 0).values.every(Number.isNaN)).toBe(true);
    const few = members.map((m, c) => (c === 3 ? m.slice(0, 99) : m));
    const { values, pointwise } = estimateInput(checkpoints, [...few, members[3].slice(99)], 0);
    expect(values.map(Number.isNaN)).toEqual([false, false, false, true, false, false, false]);
    expect(members[3].slice(0, 99).every((i) => Number.isNaN(pointwise[i]))).toBe(true);
  });
});

describe('noise about a pass without noise', () => {
  it('has the sums of squares and products of the differences, by hand', () => {
    const { all } = noiseAbout([0, 0, 1, 1, 2, 2], [1, 2, 1, 0, 3, 5], 3, 2);
    expect([...all.sum]).toEqual([2, 5, 5, 14]);
    expect(all.df).toBe(3);
  });

  it('is refused for a column without any', () => {
    expect(() => noiseAbout([0, 0, 1, 1], [1, 0, 2, 1], 2, 2)).toThrow('column 1 has no noise');
  });
});
