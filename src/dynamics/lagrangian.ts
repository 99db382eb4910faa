/**
 * The information-bottleneck Lagrangian over epochs, in both conventions found in the literature:
 *
 * - `tishby`: `L_β = I(X;T) − β·I(T;Ŷ)` (Tishby, Pereira and Bialek 1999), where a higher β asks for more prediction;
 * - `compression`: `L_β = I(T;Ŷ) − β·I(X;T)`, where a higher β asks for more compression.
 */
import { UserError } from '../base/errors.js';
import { at, commonEpochs, type Trajectory } from './trajectory.js';

/** Which of the two terms β weighs. */
export const lagrangianConventions = ['tishby', 'compression'] as const;
/** One of `lagrangianConventions`: `tishby` weighs I(T;Ŷ), `compression` I(X;T). */
export type LagrangianConvention = (typeof lagrangianConventions)[number];

/** L_β of one group over its checkpoints. */
export interface LagrangianCurve {
  group: string;
  convention: LagrangianConvention;
  beta: number;
  epochs: number[];
  /** In the unit of the trajectories (nats). */
  values: number[];
  standardErrors: number[];
}

/**
 * L_β at every checkpoint that both trajectories have. Both estimates come from the same samples, so the correlation of their errors is
 * unknown; the standard error is the upper bound `se(first) + β·se(second)`. Throws `UserError` for a negative or infinite β.
 */
export function lagrangian(
  inputInformation: Trajectory,
  outputInformation: Trajectory,
  { beta = 1, convention = 'tishby' }: { beta?: number; convention?: LagrangianConvention } = {},
): LagrangianCurve {
  if (!(beta >= 0 && Number.isFinite(beta))) throw new UserError(`beta must be a finite number from 0, got ${beta}`);
  const epochs = commonEpochs([inputInformation, outputInformation]);
  const xt = at(inputInformation, epochs);
  const ty = at(outputInformation, epochs);
  const [first, second] = convention === 'tishby' ? [xt, ty] : [ty, xt];
  return {
    group: inputInformation.group,
    convention,
    beta,
    epochs,
    values: first.values.map((v, i) => v - beta * second.values[i]),
    standardErrors: first.standardErrors.map((s, i) => s + beta * second.standardErrors[i]),
  };
}
