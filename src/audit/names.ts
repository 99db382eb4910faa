/** What an audit's parts are called; apart, so that the command line can name them without loading what they stand for. */

/** How much training an audit gets: half as much, as usual, or twice as much. */
export const efforts = ['quick', 'normal', 'thorough'] as const;
/** One of `efforts`. */
export type Effort = (typeof efforts)[number];

/** The signals that classes are held against one another by. */
export const signals = ['separation', 'two-sidedness', 'I(X;T)', 'I(T;Ŷ)', 'early loss', 'early information'] as const;
/** One of `signals`. */
export type Signal = (typeof signals)[number];

/**
 * Shares of the level that the signals get: most goes to the one that a backdoor moves most by how it works, none is left out.
 * Chosen by that argument and not by any attack's result.
 */
export const WEIGHT: Record<Signal, number> = {
  separation: 0.4,
  'two-sidedness': 0.4,
  'I(X;T)': 0.05,
  'I(T;Ŷ)': 0.05,
  'early loss': 0.05,
  'early information': 0.05,
};

/** What can be done about a set. */
export const interventions = ['stop', 'drop', 'prune', 'retrain'] as const;
/** One of `interventions`. */
export type Intervention = (typeof interventions)[number];
