/** Moments of training: what `--checkpoints` asks for, and default ladders. */
import { describe, expect, test } from 'vitest';
import { momentsOf, parseMoment, stepsInFirstEpoch } from '../../src/training/moments.js';

describe('a moment asked for', () => {
  test.each([
    ['0.25', 0.25],
    ['5', 5],
    ['20s', '20s'],
    [' 1 ', 1],
    ['1e-3', 1e-3],
  ])('%s is understood', (text, value) => expect(parseMoment(text)).toBe(value));

  test.each(['', '0', '-1', '0s', '2.5s', 's', 'x', '1,2', 'NaN', 'Infinity'])('%j is refused', (text) =>
    expect(parseMoment(text)).toBeNull(),
  );

  test('epochs are rounded to the nearest step, at least 1; duplicates merge; the end is added', () => {
    expect(momentsOf([0.001, 0.1, 0.25, 1, '2s', '20s', 2], 20, 3)).toEqual([
      { step: 1, epoch: 0.05 },
      { step: 2, epoch: 0.1 },
      { step: 5, epoch: 0.25 },
      { step: 20, epoch: 1 },
      { step: 40, epoch: 2 },
      { step: 60, epoch: 3 },
    ]);
  });

  test('a whole epoch has a whole number, whatever the steps', () => {
    for (const perEpoch of [1, 3, 7, 79, 391])
      for (const { step, epoch } of momentsOf([1, 2, 3], perEpoch, 3)) expect(epoch).toBe(step / perEpoch);
    expect(momentsOf([1, 2], 7, 3).map((m) => m.epoch)).toEqual([1, 2, 3]);
  });

  test('log stands for the ladder inside the first epoch; the same steps asked for by name merge with it', () => {
    const steps = (requests: (number | string)[]) => momentsOf(requests, 78, 2).map((m) => m.step);
    expect(steps(['log', 1])).toEqual([...stepsInFirstEpoch(78), 78, 156]);
    expect(steps(['log', `${stepsInFirstEpoch(78)[2]}s`, 1])).toEqual(steps(['log', 1]));
    expect(parseMoment('log')).toBe('log');
    expect(parseMoment('logs')).toBeNull();
  });

  test('one after the end is refused', () => {
    expect(() => momentsOf([1, '61s'], 20, 3)).toThrow('--checkpoints 1,61s: 61s is after the end, step 60 (--epochs)');
  });
});

describe('the default ladder inside the first epoch', () => {
  test('every step of an epoch of fewer than 8 steps', () => {
    expect(stepsInFirstEpoch(1)).toEqual([]);
    expect(stepsInFirstEpoch(2)).toEqual([1]);
    expect(stepsInFirstEpoch(7)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  test('at least six moments, rising, inside the epoch', () => {
    for (let perEpoch = 8; perEpoch < 2000; perEpoch++) {
      const steps = stepsInFirstEpoch(perEpoch);
      expect(steps.length).toBeGreaterThanOrEqual(6);
      expect(steps[0]).toBeGreaterThanOrEqual(1);
      expect(steps.at(-1)).toBeLessThan(perEpoch);
      for (let i = 1; i < steps.length; i++) expect(steps[i]).toBeGreaterThan(steps[i - 1]);
    }
  });

  test('logarithmic: the ratio of neighbours is the same but for rounding', () => {
    expect(stepsInFirstEpoch(391)).toEqual([2, 6, 13, 30, 71, 167]);
    const steps = stepsInFirstEpoch(100_000);
    for (let i = 1; i < steps.length; i++) expect(steps[i] / steps[i - 1]).toBeCloseTo(100_000 ** (1 / 7), 0);
  });
});
