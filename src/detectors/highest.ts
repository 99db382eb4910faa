/** 1 for the `count` of `rows` with the highest scores, [n]; equal scores in the order of the rows. */
export function highest(scores: Float64Array, rows: Iterable<number>, count: number): Uint8Array {
  const flagged = new Uint8Array(scores.length);
  for (const i of [...rows].sort((a, b) => scores[b] - scores[a]).slice(0, count)) flagged[i] = 1;
  return flagged;
}
