import { describe, expect, it } from 'vitest';
import { UserError } from '../../src/base/errors.js';
import { lagrangian } from '../../src/dynamics/lagrangian.js';
import { curve } from './tables.js';

describe('the IB Lagrangian', () => {
  const xt = curve([1, 2, 3], 0.1, [1, 5, 9]);
  const ty = curve([4, 6], 0.2, [1, 9]);

  it('is I(X;T) − β·I(T;Ŷ) in the convention of Tishby, at the checkpoints both have', () => {
    expect(lagrangian(xt, ty, { beta: 2 })).toMatchObject({ epochs: [1, 9], values: [-7, -9] });
  });

  it('is I(T;Ŷ) − β·I(X;T) in the other, where a higher β asks for more compression', () => {
    expect(lagrangian(xt, ty, { beta: 2, convention: 'compression' }).values).toEqual([2, 0]);
  });

  it('bounds the standard error for any correlation of the two estimates', () => {
    const { standardErrors } = lagrangian(xt, ty, { beta: 2 });
    expect(standardErrors).toHaveLength(2);
    for (const s of standardErrors) expect(s).toBeCloseTo(0.5, 12);
  });

  it('refuses a negative β', () => {
    expect(() => lagrangian(xt, ty, { beta: -1 })).toThrow(UserError);
  });
});
