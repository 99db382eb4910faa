/** Names of an audit's parts; apart from these, so that the command line can list them without loading them. */

/** How much training an audit gets: half of `normal`, all of it, or twice as much. */
export const efforts = ['quick', 'normal', 'thorough'] as const;
/** One of `efforts`. */
export type Effort = (typeof efforts)[number];

/** The signals by which classes are compared. */
export const signals = ['separation', 'two-sidedness', 'I(X;T)', 'I(T;Ŷ)', 'early loss', 'early information'] as const;
/** One of `signals`. */
export type Signal = (typeof signals)[number];

/**
 * Share of the level that each signal gets: most for the two that a backdoor moves by how it works, and of these for the one that varies
 * least in clean sets; some for all. The rest, `reference`, is for the comparison of all classes with those of clean sets. Chosen by that
 * argument, not by the results of any attack.
 */
export const WEIGHT: Record<Signal | 'reference', number> = {
  separation: 0.2,
  'two-sidedness': 0.5,
  'I(X;T)': 0.025,
  'I(T;Ŷ)': 0.025,
  'early loss': 0.025,
  'early information': 0.025,
  reference: 0.2,
};

/** Countermeasures against a suspicious set. */
export const interventions = ['stop', 'drop', 'prune', 'retrain'] as const;
/** One of `interventions`. */
export type Intervention = (typeof interventions)[number];
