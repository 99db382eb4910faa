/** Which attack is stealthier, as tables: every pair, and the ranks that the pairs leave open. */

import { SUCCESS } from '../dynamics/types.js';
import { type Block, type Cell, chanceText, decimal, intervalText } from '../report/index.js';
import { isClear, type Pair, pairsOf, ranksOf } from './pairs.js';
import { meanScore } from './scores.js';
import type { ScoredAttack } from './settings.js';
import { meanAsr } from './success.js';

/** Empty for fewer than two attacks that can be compared. */
export function pairBlocks(attacks: readonly ScoredAttack[]): Block[] {
  const pairs = pairsOf(attacks);
  if (pairs.length === 0) return [];
  const rows = pairs.map((pair): Cell[] => [
    `${pair.first.label} − ${pair.second.label}`,
    decimal(pair.effect.effect),
    pair.effect.interval === null ? '–' : intervalText(pair.effect),
    pair.effect.n,
    chanceText(pair.p),
    chanceText(pair.adjusted),
    answerOf(pair),
  ]);
  const ranks = ranksOf(attacks, pairs).map(({ attack, rank, best, worst }): Cell[] => {
    const s = meanScore(attack.runs);
    return [
      attack.label,
      best === worst ? String(best) : `${best} to ${worst}`,
      rank,
      decimal(s.mean),
      s.n > 1 ? `${decimal(s.interval[0], 2)} to ${decimal(s.interval[1], 2)}` : '–',
      decimal(meanAsr(attack.runs)),
    ];
  });
  const head = ['S of … minus S of …', 'difference', '95 %', 'seeds', 'p', 'p, corrected', 'stealthier'];
  return [
    { kind: 'heading', text: 'Which attack is stealthier' },
    {
      kind: 'text',
      text: `Differences are paired by seed. p is two-sided, by Student’s t over seeds${pairs.length > 1 ? `; corrected: for ${pairs.length} pairs (Holm)` : ''}. Rank 1 is the highest S; the range holds the ranks that the pairs do not rule out, at 95 % for all attacks at once. An attack with an ASR below 0.9 may look stealthy because it is only half learned.`,
    },
    { kind: 'table', head, rows, inTerminal: true },
    { kind: 'table', head: ['attack', 'rank, 95 %', 'by mean', 'S', '95 %', 'ASR'], rows: ranks, inTerminal: true },
  ];
}

const answerOf = (pair: Pair) =>
  isClear(pair)
    ? `${pair.first.label}${meanAsr(pair.first.runs) < SUCCESS ? ', if learned' : ''}`
    : pair.adjusted === null
      ? 'one seed does not say'
      : 'not settled';
