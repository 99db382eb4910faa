import { describe, expect, it } from 'vitest';
import { Rng } from '../../src/base/random.js';
import { earlyAcceleration, halfMaximum, leadOf } from '../../src/dynamics/acceleration.js';
import { curve } from './tables.js';

describe('the half-maximum epoch', () => {
  it('is interpolated on the logarithmic axis: 0, 1, 3, 4 at epochs 1, 4, 16, 64 reaches 2 at epoch 8', () => {
    const found = halfMaximum({ epochs: [1, 4, 16, 64], values: [0, 1, 3, 4] })!;
    expect(found.epoch).toBeCloseTo(8, 12);
    expect(found.atOrBefore).toBe(false);
  });

  it('is interpolated linearly from epoch 0, which has no logarithm', () => {
    expect(halfMaximum({ epochs: [0, 4, 8], values: [0, 4, 4] })).toEqual({ epoch: 2, atOrBefore: false });
  });

  it('lies at or before the first checkpoint where the curve starts above half', () => {
    expect(halfMaximum({ epochs: [3, 6], values: [3, 4] })).toEqual({ epoch: 3, atOrBefore: true });
  });

  it('does not exist for a curve that never rises above 0', () => {
    expect(halfMaximum({ epochs: [1, 2], values: [-1, 0] })).toBeNull();
  });
});

describe('the lead', () => {
  /** Rises as ln(epoch) does and is at half, 1 of 2, at the given epoch. */
  const rising = (group: string, half: number) => {
    const at = [0.25, 0.5, 1, 2, 4, 8, 16, 32, 64];
    return {
      ...curve(
        at.map((e) => 2 / (1 + (half / e) ** 3)),
        0.001,
        at,
      ),
      group,
    };
  };
  const clean = (halves: number[]) => halves.map((h, i) => rising(String(i + 1), h));

  it('is the logarithm of a ratio to the median of the clean classes, in any unit of time', () => {
    const found = leadOf(rising('0/backdoor', 2), clean([1, 4, 32]))!;
    expect(Math.exp(found.logRatio)).toBeCloseTo(0.5, 1);
    const inSteps = (c: ReturnType<typeof rising>) => ({ ...c, epochs: c.epochs.map((e) => 79 * e) });
    const steps = leadOf(inSteps(rising('0/backdoor', 2)), clean([1, 4, 32]).map(inSteps))!;
    expect(steps.logRatio).toBeCloseTo(found.logRatio, 10);
    expect(steps.cleanEpoch).toBeCloseTo(79 * found.cleanEpoch, 8);
  });

  it('does not change where fewer than half of the clean classes are censored, and says so where more are', () => {
    const whole = leadOf(rising('0/backdoor', 2), clean([3, 4, 32]))!;
    const one = leadOf(rising('0/backdoor', 2), clean([0.1, 4, 32]))!;
    expect(one).toEqual({ ...whole, cleanCensoredClasses: 1 });
    const two = leadOf(rising('0/backdoor', 2), clean([0.1, 0.1, 32]))!;
    expect([two.cleanCensored, two.cleanCensoredClasses, two.censored]).toEqual([true, 2, false]);
    // Of an even number, the median is between two: one censored class of the middle two moves it.
    expect(leadOf(rising('0/backdoor', 2), clean([0.1, 4]))!.cleanCensored).toBe(true);
    expect(leadOf(rising('0/backdoor', 0.1), clean([4]))!.censored).toBe(true);
  });
});

describe('early acceleration', () => {
  const epochs = Array.from({ length: 15 }, (_, i) => i + 1);
  const logistic = (middle: number) => epochs.map((e) => 2 / (1 + Math.exp(middle - e)));
  const named = (group: string, values: number[], se: number) => ({ ...curve(values, se, epochs), group });

  it('is the difference to the clean classes: a curve four epochs ahead is four epochs early', () => {
    const clean = ['1', '2', '3'].map((g) => named(g, logistic(9), 0.02));
    const found = earlyAcceleration(named('0/backdoor', logistic(5), 0.02), clean, { seed: 1 })!;
    expect(found.difference).toBeCloseTo(-4, 1);
    expect(found.differenceInterval[0]).toBeLessThan(-4);
    expect(found.differenceInterval[1]).toBeGreaterThan(-4);
    expect(found.differenceInterval[1] - found.differenceInterval[0]).toBeLessThan(0.5);
  });

  it('has 95 % intervals that hold the truth at least 90 % of the time', () => {
    const rng = new Rng(3, 'acceleration');
    const measured = (group: string, middle: number) =>
      named(
        group,
        logistic(middle).map((v) => v + 0.06 * rng.normal()),
        0.06,
      );
    let covered = 0;
    for (let r = 0; r < 200; r++) {
      const clean = ['1', '2', '3'].map((g) => measured(g, 9));
      const found = earlyAcceleration(measured('0/backdoor', 6), clean, { seed: r, draws: 200 })!;
      if (found.differenceInterval[0] <= -3 && -3 <= found.differenceInterval[1]) covered++;
    }
    expect(covered / 200).toBeGreaterThanOrEqual(0.9);
  });

  it('does not depend on the order of the clean classes', () => {
    const clean = [7, 8, 9].map((m) => named(String(m), logistic(m), 0.1));
    const group = named('0/backdoor', logistic(5), 0.1);
    const there = earlyAcceleration(group, clean, { seed: 4 })!;
    const back = earlyAcceleration(group, [...clean].reverse(), { seed: 4 })!;
    expect(back.differenceInterval[0]).toBeCloseTo(there.differenceInterval[0], 12);
  });

  it('is not claimed from a single checkpoint', () => {
    const one = (g: string) => ({ ...curve([1], 0.05, [4]), group: g });
    expect(earlyAcceleration(one('0/backdoor'), [one('1')], { seed: 1 })).toBeNull();
  });

  it('is not claimed for a group without information', () => {
    const flat = named(
      '0/backdoor',
      epochs.map(() => 0.01),
      0.05,
    );
    expect(earlyAcceleration(flat, [named('1', logistic(8), 0.05)], { seed: 1 })).toBeNull();
  });
});
