/**
 * Results of the expensive parts of an audit after its training, by a name within the audit. A caller that keeps them judges the same
 * training again in seconds.
 */
export type Keep = <R>(name: string, compute: () => Promise<R>) => Promise<R>;

/** Keeps nothing. */
export const notKept: Keep = (_, compute) => compute();
