/**
 * The data-processing inequality I(X;Ŷ) ≤ I(X;T), which holds for the true values because X → T → Ŷ. Estimates violate it by noise, or
 * because one critic comes closer to its bound than the other. Every violation is reported.
 */
import { trajectories } from './trajectory.js';
import type { EstimateRow } from './types.js';

/** A checkpoint and group at which the estimate of I(X;Ŷ) exceeds that of I(X;T). */
export interface InequalityViolation {
  epoch: number;
  group: string;
  estimator: string;
  /** I(X;Ŷ) − I(X;T), positive, in the unit of the rows. */
  excess: number;
  /** Upper bound of its standard error, the sum of both: the two estimates share their samples. */
  standardError: number;
  /** Whether the excess is above 1.645 standard errors (one-sided 5 %), so that noise does not explain it. */
  beyondNoise: boolean;
}

/** How often estimates violate the data-processing inequality. */
export interface ProcessingInequality {
  /** Number of checkpoints and groups at which one estimator gives both quantities. */
  pairs: number;
  /** Those with I(X;Ŷ) > I(X;T), the largest excess first. */
  violations: InequalityViolation[];
  /** Number of violations beyond noise. */
  beyondNoise: number;
}

/** Checks every (epoch, group, estimator) with estimates of both quantities. */
export function processingInequality(rows: readonly EstimateRow[]): ProcessingInequality {
  const curves = trajectories(rows);
  const violations: InequalityViolation[] = [];
  let pairs = 0;
  for (const output of curves.filter((c) => c.quantity === 'I(X;Ŷ)')) {
    const { group, estimator } = output;
    const inner = curves.find((c) => c.quantity === 'I(X;T)' && c.group === group && c.estimator === estimator);
    output.epochs.forEach((epoch, i) => {
      const j = inner ? inner.epochs.indexOf(epoch) : -1;
      if (!inner || j < 0) return;
      pairs++;
      const excess = output.values[i] - inner.values[j];
      if (excess <= 0) return;
      const standardError = output.standardErrors[i] + inner.standardErrors[j];
      violations.push({ epoch, group, estimator, excess, standardError, beyondNoise: excess > 1.645 * standardError });
    });
  }
  violations.sort((a, b) => b.excess - a.excess);
  return { pairs, violations, beyondNoise: violations.filter((v) => v.beyondNoise).length };
}
