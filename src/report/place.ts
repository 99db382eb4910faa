/** Where a stealth score lies to the scores of clean classes of its run. */

export type Place = 'below' | 'inside' | 'above';

/** The place of a score to the 95 % range of clean classes. */
export const placeIn = (score: number, [low, high]: readonly [number, number]): Place =>
  score < low ? 'below' : score > high ? 'above' : 'inside';
