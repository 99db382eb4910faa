/** A table of estimates from a caller's own numbers. */

import { UserError, unknownWord } from '../base/errors.js';
import { isGroup } from './group-id.js';
import { type EstimateRow, type Quantity, quantities } from './types.js';

const isQuantity = (q: string): q is Quantity => (quantities as readonly string[]).includes(q);

/** One estimate that the caller made. */
export interface OwnEstimate {
  epoch: number;
  /** Group id, as in `EstimateRow`. */
  group: string;
  /** `I(X;T)`, `I(T;Ŷ)`, `I(X;Ŷ)` or `I(T;Y)`. */
  quantity: string;
  nats: number;
  /** Standard error of `nats`, from 0. Phases and intervals depend on it. */
  standardError: number;
  /** Samples behind the estimate. A group of fewer than 100 gets no score. */
  samples: number;
  /** Default `own`. */
  estimator?: string;
  layer?: string;
}

/**
 * The table that `trajectories`, `stealth` and the other functions of `dynamics` take, from a caller's own estimates. Throws `UserError`
 * that names the first estimate with an invalid number, an unknown group or an unknown quantity.
 */
export function estimateRows(estimates: readonly OwnEstimate[]): EstimateRow[] {
  return estimates.map((e, i) => {
    const { epoch, group, quantity, nats, standardError, samples, estimator = 'own', layer } = e;
    const say = (what: string) => new UserError(`estimate ${i}: ${what}`);
    if (!Number.isFinite(epoch)) throw say(`its epoch is ${epoch}`);
    if (!isQuantity(quantity)) throw unknownWord(`quantity of estimate ${i}`, String(quantity), quantities);
    if (!isGroup(group))
      throw say(
        `unknown group "${group}"; for target class 0, the groups are 0/backdoor, 0/clean, 0/all, and 3 for another class 3`,
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
