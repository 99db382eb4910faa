/** What an audit's parts are called; apart, so that the command line can name them without loading what they stand for. */

/** How much training an audit gets: half as much, as usual, or twice as much. */
export const efforts = ['quick', 'normal', 'thorough'] as const;
/** One of `efforts`. */
export type Effort = (typeof efforts)[number];

/** The signals that classes are held against one another by. */
export const signals = ['separation', 'two-sidedness', 'I(X;T)', 'I(T;Ŷ)', 'early loss', 'early information'] as const;
/** One of `signals`. */
export type Signal = (typeof signals)[number];

/** What can be done about a set. */
export const interventions = ['stop', 'drop', 'prune', 'retrain'] as const;
/** One of `interventions`. */
export type Intervention = (typeof interventions)[number];
