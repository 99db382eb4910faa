/** The tables that dynamics works on. No file access, no Node: the page runs this room too. */

export type Quantity = 'I(X;T)' | 'I(T;Ŷ)' | 'I(X;Ŷ)' | 'I(T;Y)';

/**
 * One estimate at one checkpoint; one line of `information.jsonl`.
 *
 * Group ids, with c the target class's number and k any class's number:
 * `c/backdoor`, `c/clean`, `c/mixed`, `c/all`, `k` (every other class), `all`, `cover`;
 * and for the score's null `k/null-a`, `k/null-b`: two disjoint random subsets of clean class k
 * (attack `none`: `c/null-a`, `c/null-b` of the target class as well, see dynamics/null.ts).
 */
export interface EstimateRow {
  epoch: number;
  group: string;
  quantity: Quantity;
  estimator: string;
  nats: number;
  standardError: number;
  ceiling: number;
  saturated: boolean;
  converged: boolean;
  /** Samples in the group (not noise draws). */
  samples: number;
  draws: number;
  trainNats: number;
  heldOutNats: number;
}
