/** A table of estimates from numbers that were not estimated here. */

import { UserError, unknownWord } from '../base/errors.js';
import { isGroup } from './group-id.js';
import type { EstimateRow, Quantity } from './types.js';

const QUANTITIES = ['I(X;T)', 'I(T;Ŷ)', 'I(X;Ŷ)', 'I(T;Y)'] as const satisfies readonly Quantity[];
const isQuantity = (q: string): q is Quantity => (QUANTITIES as readonly string[]).includes(q);

/** One estimate of one's own. */
export interface OwnEstimate {
  epoch: number;
  /** A group id as `EstimateRow` has them. */
  group: string;
  /** `I(X;T)`, `I(T;Ŷ)`, `I(X;Ŷ)` or `I(T;Y)`. */
  quantity: string;
  nats: number;
  /** Of `nats`, from 0; phases and intervals are in units of it. */
  standardError: number;
  /** Samples behind the estimate; a score takes no group of fewer than 100. */
  samples: number;
  /** Default `own`. */
  estimator?: string;
  layer?: string;
}

/**
 * The table that `trajectories`, `stealth` and the others of this room work on, from estimates of one's own. Throws `UserError`
 * naming the first that has an epoch, a value or a standard error that is no number, or a group or quantity that there is not.
 */
export function estimateRows(estimates: readonly OwnEstimate[]): EstimateRow[] {
  return estimates.map((e, i) => {
    const { epoch, group, quantity, nats, standardError, samples, estimator = 'own', layer } = e;
    const say = (what: string) => new UserError(`estimate ${i}: ${what}`);
    if (!Number.isFinite(epoch)) throw say(`its epoch is ${epoch}`);
    if (!isQuantity(quantity)) throw unknownWord(`quantity of estimate ${i}`, String(quantity), QUANTITIES);
    if (!isGroup(group))
      throw say(
        `there is no group "${group}"; for target class 0 and another class 3 there are 0/backdoor, 0/clean, 0/all, 3`,
      );
    if (!Number.isFinite(nats)) throw say(`its value is ${nats}`);
    if (!(standardError >= 0 && Number.isFinite(standardError))) throw say(`its standard error is ${standardError}`);
    if (!(samples >= 1)) throw say(`it comes from ${samples} samples`);
    return {
      epoch,
      group,
      quantity,
      estimator,
      ...(layer === undefined ? {} : { layer }),
      nats,
      standardError,
      ceiling: Number.POSITIVE_INFINITY,
      saturated: false,
      converged: true,
      samples,
      draws: 1,
      trainNats: Number.NaN,
      heldOutNats: nats,
    };
  });
}
