/** Which attack is stealthier, in sentences that claim no more than the seeds do. */
import { SUCCESS } from '../dynamics/types.js';
import { chanceText, decimal, halfLearned, intervalText } from '../report/index.js';
import { isClear, type Pair } from './pairs.js';
import { meanScore } from './scores.js';
import type { Repeated } from './settings.js';
import { isAttack, meanAsr } from './success.js';

/** The pair as a sentence; `pairs`: how many were judged together, for which p is corrected. */
export function pairSentence(pair: Pair, pairs: number): string {
  const { first, second, effect: e, adjusted } = pair;
  const [a, b] = [first, second].map((x) => x.label);
  const scores = `S ${decimal(meanScore(first.runs).mean, 2)} against ${decimal(meanScore(second.runs).mean, 2)}`;
  if (adjusted === null) return `One seed does not show whether ${a} is stealthier than ${b} (${scores}).`;
  const corrected = pairs > 1 ? ` corrected for ${pairs} pairs` : '';
  const measured = `${scores}, difference ${decimal(e.effect, 2)} (95 % ${intervalText(e)}, ${e.n} seeds, p = ${chanceText(adjusted)}${corrected})`;
  if (isClear(pair)) return `${a} is stealthier than ${b}: ${measured}.`;
  const needed =
    e.runsNeeded === null ? '' : ` About ${e.runsNeeded} seeds would show a difference of ${decimal(e.interest, 2)}.`;
  return `${e.n} seeds do not settle whether ${a} is stealthier than ${b}: ${measured}.${needed}`;
}

/** The attacks whose ASR is too low for their score to mean stealth, a sentence each. */
export const halfLearnedWords = (attacks: readonly Repeated[]): string[] =>
  attacks.filter((a) => isAttack(a) && meanAsr(a.runs) < SUCCESS).map((a) => halfLearned(a.label, meanAsr(a.runs)));

/** The head of a page that compares attacks over seeds: the pairs that are settled, how many are not, and half-learned attacks. */
export function pairsLede(attacks: readonly Repeated[], pairs: readonly Pair[]): string[] {
  if (pairs.length === 0) return ['No two attacks have a score at the same seed.', ...halfLearnedWords(attacks)];
  const clear = pairs.filter(isClear);
  const open = pairs.filter((p) => !isClear(p));
  const all = (some: readonly Pair[]) => some.map((p) => pairSentence(p, pairs.length)).join(' ');
  const rest =
    open.length <= 1 || (clear.length === 0 && open.length <= 3)
      ? all(open)
      : `For ${open.length} of ${pairs.length} pairs the seeds do not settle which attack is stealthier.`;
  return [[all(clear), rest].filter(Boolean).join(' '), ...halfLearnedWords(attacks)];
}
