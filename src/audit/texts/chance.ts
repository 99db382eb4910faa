/** How trigger-like the cues of clean sets are: the null of an audit of texts. */

/**
 * The tail of the smallest evidence of a clean set: `share` of clean sets lie below `from`, and beyond it the chance falls by e every `scale` (an exponential excess, as of
 * peaks over a threshold). Measured by `npm run -s bench -- clean-texts`; few classes leave more room for chance.
 */
const TAILS = { few: { share: 0.1, from: -1.11, scale: 0.215 }, many: { share: 0.1, from: -1.03, scale: 0.208 } };

/** Classes from which on the tail for many holds. */
export const MANY = 4;

/** Chance that any cue of a clean set of so many classes has evidence this low, and no less than 1e-12: further out the tail was never seen. 1 inside the tail's start. */
export function chanceOf(evidence: number, classes: number): number {
  const { share, from, scale } = TAILS[classes < MANY ? 'few' : 'many'];
  return evidence >= from ? 1 : Math.max(1e-12, share * Math.exp((evidence - from) / scale));
}

/** Up to this chance a cue is noted, and is taken for a trigger where its class has a clearer one. */
export const NOTED = 0.02;
