import { describe, expect, it } from 'vitest';
import { UserError } from '../../src/base/errors.js';
import { type Choice, type Contestant, scoreUnder, sensitivity } from '../../src/dynamics/sensitivity.js';
import { stealth } from '../../src/dynamics/stealth.js';
import { type Curves, table } from './tables.js';

const epochs = [1, 2, 4];

/** An attack that shows by `xt` in I(X;T) and by `ty` in I(T;Ŷ). */
function contestant(name: string, xt: number, ty: number): Contestant {
  const groups: Curves = {
    '0/backdoor': () => [2 - xt, 3 - ty],
    '0/clean': () => [2, 3],
    '0/all': () => [2 - xt / 2, 3 - ty / 2],
    1: () => [2, 3],
    2: () => [2, 3],
  };
  return { name, target: 0, tables: [{ layer: 'last', rows: table(epochs, groups) }] };
}

const reference: Choice = {
  beta: 1,
  convention: 'tishby',
  window: 1,
  estimators: { 'I(X;T)': 'infonce', 'I(T;Ŷ)': 'infonce' },
  layer: 'last',
};

// a shows in I(X;T), d in I(T;Ŷ): which is stealthier is a matter of β.
const all = [contestant('a', 1, 0), contestant('b', 0.5, 0.3), contestant('c', 0.2, 0.6), contestant('d', 0.1, 1.8)];

describe('the sensitivity of the score', () => {
  it('scores as `stealth` does under the reference', () => {
    const [{ tables }] = all;
    expect(scoreUnder(all[0], reference)).toBe(stealth(tables[0].rows, { target: 0 }).score);
  });

  it('in the other convention weighs the other quantity: β there is 1/β here', () => {
    for (const beta of [0.1, 0.5, 3, 10])
      expect(scoreUnder(all[1], { ...reference, beta, convention: 'compression' })).toBeCloseTo(
        scoreUnder(all[1], { ...reference, beta: 1 / beta })!,
        12,
      );
  });

  it('sees the order turn where β decides it, and finds the attack that agreement hangs on', () => {
    const [low, same, high] = sensitivity(all, reference, [
      { ...reference, beta: 0.1 },
      reference,
      { ...reference, beta: 10 },
    ]);
    expect(same.tau).toBe(1);
    expect(low.scores.a!).toBeLessThan(low.scores.d!);
    expect(high.scores.a!).toBeGreaterThan(high.scores.d!);
    expect(high.tau!).toBeLessThan(1);
    expect(high.leaveOneOut!.tau).toBeLessThanOrEqual(high.tau! + 1e-12);
  });

  it('gives no score where the estimator or the layer was not recorded', () => {
    expect(scoreUnder(all[0], { ...reference, layer: 'first' })).toBeNull();
    expect(scoreUnder(all[0], { ...reference, estimators: { 'I(X;T)': 'smile', 'I(T;Ŷ)': 'infonce' } })).toBeNull();
  });

  it('refuses a β that is not positive', () => {
    expect(() => sensitivity(all, { ...reference, beta: 0 }, [])).toThrow(UserError);
  });
});
