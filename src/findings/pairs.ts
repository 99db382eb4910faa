/**
 * Which of several attacks is stealthier: differences of S between every two of them, paired by seed because runs of one seed share data
 * order and first weights; and the ranks that these differences leave open.
 */

import { LEVEL } from '../dynamics/answer.js';
import { studentCdf } from '../dynamics/student.js';
import type { Effect } from '../report/index.js';
import { scoreDifferences } from './levels.js';
import { meanScore } from './scores.js';
import type { ScoredAttack } from './settings.js';
import { bySeed, type Spread } from './spread.js';
import { isAttack } from './success.js';
import { judge } from './verdict.js';

/** Smallest difference of interest: a tenth of 1, the S of samples that flow as clean ones do, as in every finding about S. */
const INTEREST = 0.1;

/** Two attacks on the same data; `first` has the higher mean S. */
export interface Pair {
  first: ScoredAttack;
  second: ScoredAttack;
  /** S of the first minus S of the second. */
  effect: Effect;
  /** Two-sided, by Student's t over seeds; null for one seed. */
  p: number | null;
  /** `p` corrected for the number of pairs (Holm 1979). */
  adjusted: number | null;
}

/** Every two of the attacks, `none` and other controls left out. Pairs without a common scored seed are left out. */
export function pairsOf(attacks: readonly ScoredAttack[]): Pair[] {
  const ranked = byScore(attacks);
  const pairs = ranked.flatMap((first, i) =>
    ranked.slice(i + 1).flatMap((second): Pair[] => {
      const differences = scoreDifferences(first.runs, second.runs);
      if (differences.length === 0) return [];
      const what = `S of ${first.label} minus S of ${second.label}`;
      const spread = bySeed(differences);
      const effect = judge(spread, { what, unit: 'S', direction: 'apart', interest: INTEREST });
      return [{ first, second, effect, p: pairedP(spread), adjusted: null }];
    }),
  );
  const adjusted = holm(pairs.map((pair) => pair.p));
  return pairs.map((pair, i) => ({ ...pair, adjusted: adjusted[i] }));
}

/** Attacks that have a score, the highest mean first. */
const byScore = (attacks: readonly ScoredAttack[]) =>
  attacks
    .filter((a) => isAttack(a) && meanScore(a.runs).n > 0)
    .sort((a, b) => meanScore(b.runs).mean - meanScore(a.runs).mean);

/** Student's two-sided p that differences have mean 0; null for one, and 0 or 1 where they do not vary. */
function pairedP(differences: Spread): number | null {
  const { effect, n } = differences;
  if (n < 2) return null;
  const { error, df } = differences.error(n);
  if (error === 0) return effect === 0 ? 1 : 0;
  return 2 * studentCdf(-Math.abs(effect) / error, df);
}

/** Holm's step-down correction (Scandinavian Journal of Statistics 6, 1979): the chance of any wrong difference is at most the level. */
export function holm(ps: readonly (number | null)[]): (number | null)[] {
  const order = ps.flatMap((p, i) => (p === null ? [] : [i])).sort((a, b) => ps[a]! - ps[b]!);
  const adjusted: (number | null)[] = ps.map(() => null);
  let least = 0;
  order.forEach((i, k) => {
    least = Math.max(least, Math.min(1, (order.length - k) * ps[i]!));
    adjusted[i] = least;
  });
  return adjusted;
}

/** Where an attack stands among the others. */
export interface Rank {
  attack: ScoredAttack;
  /** 1: the highest mean S. */
  rank: number;
  /**
   * Ranks that the pairs do not rule out, at 95 % for all attacks at once: an attack is placed behind those that are clearly higher and before
   * those that are clearly lower (Mogstad, Romano, Shaikh and Wilhelm, Review of Economic Studies 91, 2024).
   */
  best: number;
  worst: number;
}

export function ranksOf(attacks: readonly ScoredAttack[], pairs: readonly Pair[]): Rank[] {
  const ranked = byScore(attacks);
  const clear = pairs.filter(isClear);
  return ranked.map((attack, i) => ({
    attack,
    rank: i + 1,
    best: 1 + clear.filter((pair) => pair.second === attack).length,
    worst: ranked.length - clear.filter((pair) => pair.first === attack).length,
  }));
}

/** Whether seeds settle which of two attacks is stealthier. */
export const isClear = ({ adjusted }: Pair) => adjusted !== null && adjusted <= LEVEL;
