import { describe, expect, it } from 'vitest';
import { UserError } from '../../src/base/errors.js';
import { classicalEstimator, classicalNames, samples } from '../../src/information/index.js';
import { pairwiseBounds } from '../../src/information/pairwise.js';
import type { DirectEstimator, Estimate, Samples } from '../../src/information/types.js';
import { mapped, noise } from './helpers.js';

const seed = 1;
const labels = (n: number, levels: number) =>
  samples(
    Array.from({ length: n }, (_, i) => i % levels),
    1,
    true,
  );

/** Which kinds each estimator takes. */
const inputs: Record<string, (x: Samples, y: Samples, n: number) => [Samples, Samples]> = {
  ksg: (x, y) => [x, y],
  cca: (x, y) => [x, y],
  gao: (x, y) => [x, y],
  mixed: (x, y) => [x, y],
  ross: (x, _, n) => [labels(n, 2), x],
  plugin: (_x, _y, n) => [labels(n, 2), labels(n, 3)],
};

/** Every number is finite, or the refusal is a single line for the user. */
function numberOrRefusal(work: () => Estimate): Estimate | UserError {
  try {
    const estimate = work();
    expect(Number.isFinite(estimate.nats)).toBe(true);
    expect(Number.isFinite(estimate.standardError)).toBe(true);
    expect(estimate.standardError).toBeGreaterThanOrEqual(0);
    for (const [name, value] of Object.entries(estimate.details))
      expect([name, Number.isFinite(value)]).toEqual([name, true]);
    return estimate;
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    expect(error.message).not.toContain('\n');
    return error;
  }
}

const cases: [string, (n: number) => [Samples, Samples], number][] = [
  ['five samples', (n) => [noise(n, 1, 1), noise(n, 1, 2)], 5],
  ['two samples', (n) => [noise(n, 1, 1), noise(n, 1, 2)], 2],
  ['one sample', (n) => [noise(n, 1, 1), noise(n, 1, 2)], 1],
  ['no samples', (n) => [noise(n, 1, 1), noise(n, 1, 2)], 0],
  ['a constant variable', (n) => [samples(new Float64Array(n).fill(0.1)), noise(n, 1, 2)], 150],
  ['every row the same', (n) => [samples(new Float64Array(n).fill(4)), samples(new Float64Array(n))], 150],
  [
    'every row twice',
    (n) => [0, 1].map((s) => mapped(noise(n, 1, s), (_, i) => noise(n, 1, s).data[i >> 1])) as [Samples, Samples],
    150,
  ],
  ['values near 1e300', (n) => [mapped(noise(n, 2, 1), (v) => v * 1e300), noise(n, 2, 2)], 150],
  ['values near 1e-310', (n) => [mapped(noise(n, 2, 1), (v) => v * 1e-310), noise(n, 2, 2)], 150],
  [
    'columns of very different scales',
    (n) => [mapped(noise(n, 2, 1), (v, i) => (i % 2 ? v * 1e200 : v * 1e-200)), noise(n, 2, 2)],
    150,
  ],
  ['a tiny spread on a large offset', (n) => [mapped(noise(n, 1, 1), (v) => 1e12 + v * 1e-3), noise(n, 1, 2)], 150],
  ['one outlier at 1e30', (n) => [mapped(noise(n, 1, 1), (v, i) => (i === 7 ? 1e30 : v)), noise(n, 1, 2)], 150],
  ['a copy of the other variable', (n) => [noise(n, 1, 1), noise(n, 1, 1)], 150],
];

describe.each(classicalNames)('%s', (name) => {
  const estimator: DirectEstimator = classicalEstimator(name);

  for (const [what, make, n] of cases)
    it(`on ${what} gives a number or a one-line refusal`, () => {
      const [x, y] = make(n);
      const result = numberOrRefusal(() => estimator.estimate(...inputs[name](x, y, n), { seed }));
      if (n >= 3 && n < 100 && !(result instanceof UserError)) expect(result.warnings.join()).toMatch(/Only 5 samples/);
    });

  it('refuses NaN and infinity by row and column', () => {
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY]) {
      const spoiled = mapped(noise(50, 1, 1), (v, i) => (i === 17 ? bad : v));
      const [a, b] = inputs[name](spoiled, noise(50, 1, 2), 50);
      const pair: [Samples, Samples] = name === 'plugin' ? [{ ...spoiled, discrete: true }, b] : [a, b];
      expect(() => estimator.estimate(...pair, { seed })).toThrow(new RegExp(`row 17, column 0 .* is ${bad}`));
    }
  });

  it('refuses pairs that are none', () => {
    const [a] = inputs[name](noise(50, 1, 1), noise(50, 1, 2), 50);
    const [, b] = inputs[name](noise(49, 1, 1), noise(49, 1, 2), 49);
    expect(() => estimator.estimate(a, b, { seed })).toThrow(/in pairs, got 50 and 49/);
    expect(() => estimator.estimate({ ...a, n: 7 }, b, { seed })).toThrow(/says 7 rows/);
  });

  it('gives the same answer for the same seed', () => {
    const pair = inputs[name](noise(200, 1, 1), noise(200, 1, 2), 200);
    expect(estimator.estimate(...pair, { seed })).toEqual(estimator.estimate(...pair, { seed }));
  });
});

describe('a constant variable', () => {
  it.each(['ksg', 'cca', 'gao'])('carries exactly 0 nats for %s, which says why', (name) => {
    const estimate = classicalEstimator(name).estimate(samples(new Float64Array(150).fill(0.1)), noise(150, 1, 2), {
      seed,
    });
    expect([estimate.nats, estimate.standardError]).toEqual([0, 0]);
    expect(estimate.warnings.join()).toMatch(/never change/);
  });
});

describe('scale', () => {
  it.each(['ksg', 'cca', 'gao'])('makes no difference to %s, up to the ends of the float range', (name) => {
    const [x, y] = [noise(200, 2, 1), noise(200, 2, 1)];
    const partner = mapped(y, (v, i) => v + noise(200, 2, 3).data[i]);
    const estimator = classicalEstimator(name);
    const { nats } = estimator.estimate(x, partner, { seed });
    for (const scale of [1e300, 1e-290])
      expect(
        estimator.estimate(
          mapped(x, (v) => v * scale),
          partner,
          { seed },
        ).nats,
      ).toBeCloseTo(nats, 6);
  });
});

describe('an unknown estimator', () => {
  it('is answered with the nearest name', () => {
    expect(() => classicalEstimator('kgs')).toThrow(/Did you mean "ksg"/);
  });
});

describe('the pairwise bounds', () => {
  for (const [what, make, n] of cases)
    it(`on ${what} give numbers or a one-line refusal`, () => {
      numberOrRefusal(() => pairwiseBounds(make(n)[0], { std: 1 }, { seed }).lower);
      numberOrRefusal(() => pairwiseBounds(make(n)[0], { std: 1 }, { seed }).upper);
    });
});
