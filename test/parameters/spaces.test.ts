/** Stealth in feature and parameter space, against NumPy and scikit-learn (test/golden/spaces.py) and values worked out by hand. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { activationChange, channelBounds, tup, uclc } from '../../src/parameters/index.js';
import { cdbi, daviesBouldin, dswd } from '../../src/representation/index.js';

const golden = JSON.parse(readFileSync(new URL('../golden/spaces.json', import.meta.url), 'utf8'));
const matrix = (values: number[], d: number) => ({ data: Float32Array.from(values), n: values.length / d, d });
const [benign, poisoned] = [matrix(golden.benign, 5), matrix(golden.poisoned, 5)];

describe('feature space', () => {
  it('two clusters have the Davies–Bouldin index of scikit-learn', () => {
    expect(daviesBouldin(benign, poisoned)).toBeCloseTo(golden.daviesBouldin, 6);
  });

  it('CDBI is its mean over source classes', () => {
    expect(cdbi(benign, poisoned, Int32Array.from(golden.source))).toBeCloseTo(golden.cdbi, 6);
    expect(cdbi(benign, { ...poisoned, n: 0 }, new Int32Array(0))).toBeNull();
  });

  it('DSWD agrees with NumPy, and is the length of the shift along a single row', () => {
    expect(dswd(matrix(golden.clean, 5), matrix(golden.triggered, 5), golden.weights)).toBeCloseTo(golden.dswd, 6);
    // Shifted by (3, 4): along (2, 0) by 3, along (0, 5) by 4.
    const [clean, triggered] = [matrix([0, 0, 1, 2, 5, 1], 2), matrix([3, 4, 4, 6, 8, 5], 2)];
    expect(dswd(clean, triggered, [2, 0])).toBeCloseTo(3, 6);
    expect(dswd(clean, triggered, [2, 0, 0, 5])).toBeCloseTo(Math.sqrt((9 + 16) / 2), 6);
  });
});

describe('parameter space', () => {
  const layers = golden.layers.map((l: { kernel: number[]; shape: number[]; scale: number[]; variance: number[] }) =>
    channelBounds({ kernel: { data: l.kernel, shape: l.shape }, scale: l.scale, variance: l.variance }),
  ) as Float64Array[];

  it('channels have the largest singular values of NumPy, times |γ|/σ', () => {
    layers.forEach((bounds, i) => {
      bounds.forEach((v, c) => {
        expect(v).toBeCloseTo(golden.layers[i].bounds[c], 8);
      });
    });
  });

  it('a kernel that copies one input has the bound |γ|/σ', () => {
    const data = new Float32Array(2 * 9);
    data[4] = 3;
    const [found] = channelBounds({ kernel: { data, shape: [1, 2, 3, 3] }, scale: [-2], variance: [4 - 1e-5] });
    expect(found).toBeCloseTo(3, 10);
  });

  it('UCLC is the largest in standard deviations of its layer', () => {
    expect(uclc(layers)).toBeCloseTo(golden.uclc, 8);
    // Of 0, 0, 0, 4: mean 1, deviation 2.
    expect(uclc([Float64Array.of(0, 0, 0, 4)])).toBeCloseTo(1.5, 12);
    expect(uclc([])).toBeNull();
    expect(uclc([Float64Array.of(1, 1)])).toBeNull();
  });

  it('TAC is the norm of the change of each channel, mean over images', () => {
    const found = activationChange(Float32Array.from(golden.before), Float32Array.from(golden.after), 8, 5);
    found.forEach((v, c) => {
      expect(v).toBeCloseTo(golden.change[c], 6);
    });
    // One image, two places, two channels: the first changes by 3 and 4, the second by 0 and 2.
    const [first, second] = activationChange(Float32Array.of(0, 0, 0, 0), Float32Array.of(3, 0, 4, 2), 1, 2);
    expect([first, second]).toEqual([5, 2]);
  });

  it('TUP pairs channels by the rank of their TAC', () => {
    expect(tup(layers[2], Float64Array.from(golden.change), Float64Array.from(golden.reference))).toBeCloseTo(
      golden.tup,
      6,
    );
    // Ranks: channel 1 (TAC 6, reference 3), channel 0 (TAC 2, reference 1).
    expect(tup(Float64Array.of(10, 20), Float64Array.of(2, 6), Float64Array.of(1, 3))).toBeCloseTo(
      (20 * 2 + 10 * 2) / 2,
      10,
    );
  });
});
