/** What one run says of its attack: one rule, which reports, the dashboard, the command line and the JSON documents share. */
import type { StealthResult } from './stealth.js';

/** p at or below which a run says that information flows differently. */
export const LEVEL = 0.05;

/** What a run says: information flows differently, no difference is seen, or its null cannot decide. */
export type Answer = 'differs' | 'no difference seen' | 'not judged';

/** Smallest p that a rank among the draws of a null can have. */
export const smallestRank = (draws: number) => 1 / (1 + draws);

/**
 * p decides, for both instruments: that of resolved information comes from a law of the integration gap, that of critics is the rank of the
 * score. The range of S does not decide, because it also holds the footprint gap. A rank that so few draws cannot bring to the level
 * is not judged.
 */
export function answerOf({ score, p, null: range }: Pick<StealthResult, 'score' | 'p' | 'null'>): Answer {
  if (score === null || !range || p === null) return 'not judged';
  if (!range.gapsByClass && smallestRank(range.draws) > LEVEL) return 'not judged';
  return p <= LEVEL ? 'differs' : 'no difference seen';
}
