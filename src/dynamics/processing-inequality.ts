/**
 * The data-processing inequality I(X;Ŷ) ≤ I(X;T) holds in truth, since X → T → Ŷ. Estimates can break it: by noise, or
 * because one critic came closer to its bound than the other. Violations are counted and reported, never hidden.
 */
import { trajectories } from './trajectory.js';
import type { EstimateRow } from './types.js';

/** A checkpoint and group where the estimate of I(X;Ŷ) exceeds that of I(X;T). */
export interface InequalityViolation {
  epoch: number;
  group: string;
  estimator: string;
  /** I(X;Ŷ) − I(X;T), positive, in the unit of the rows. */
  excess: number;
  /** The bound se + se of its standard error: the two estimates share their samples. */
  standardError: number;
  /** More than 1.645 standard errors: not explained by noise (one-sided, 5 %). */
  beyondNoise: boolean;
}

/** How often estimates break the data-processing inequality. */
export interface ProcessingInequality {
  /** Checkpoints and groups at which both were estimated by the same estimator. */
  pairs: number;
  /** Those with I(X;Ŷ) > I(X;T), the largest excess first. */
  violations: InequalityViolation[];
  beyondNoise: number;
}

/** Checks every (epoch, group, estimator) that has both quantities. */
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
