/** Positions of the values in descending order; equal ones keep their order. */
export const descending = (
  values: ArrayLike<number>,
  positions: Iterable<number> = Array(values.length).keys(),
): number[] => [...positions].sort((a, b) => values[b] - values[a]);

/** 1 for the `count` of `rows` with the highest scores, [n]; equal scores in the order of the rows. */
export function highest(scores: Float64Array, rows: Iterable<number>, count: number): Uint8Array {
  const flagged = new Uint8Array(scores.length);
  for (const i of descending(scores, rows).slice(0, count)) flagged[i] = 1;
  return flagged;
}
