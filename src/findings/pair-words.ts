/** Which attack is stealthier, in sentences that claim no more than the seeds do. */
import { answerOf, LEVEL } from '../dynamics/answer.js';
import { SUCCESS } from '../dynamics/types.js';
import { count, rate } from '../report/format.js';
import { chanceText, decimal, halfLearned, intervalText } from '../report/index.js';
import { inputMeasures, measured } from './input-measures.js';
import { isClear, type Pair } from './pairs.js';
import { meanScore } from './scores.js';
import type { ScoredAttack } from './settings.js';
import { isAttack, meanAsr } from './success.js';

/** The pair as a sentence; `pairs`: how many were judged together, for which p is corrected. */
export function pairSentence(pair: Pair, pairs: number): string {
  const { first, second, effect: e, adjusted } = pair;
  const [a, b] = [first, second].map((x) => x.label);
  const scores = `S ${decimal(meanScore(first.runs).mean, 2)} against ${decimal(meanScore(second.runs).mean, 2)}`;
  if (adjusted === null) return `One seed does not show whether ${a} is stealthier than ${b} (${scores}).`;
  const corrected = pairs > 1 ? ` corrected for ${pairs} pairs` : '';
  const evidence = `${scores}, difference ${decimal(e.effect, 2)} (95 % ${intervalText(e)}, ${e.n} seeds, p = ${chanceText(adjusted)}${corrected})`;
  const low = meanAsr(first.runs);
  if (isClear(pair))
    return low < SUCCESS
      ? `${a} has a higher S than ${b}, and whether it is stealthier is open, because it is only half learned (ASR ${decimal(low, 2)}): ${evidence}.`
      : `${a} is stealthier than ${b}: ${evidence}.`;
  const needed =
    e.runsNeeded === null ? '' : ` About ${e.runsNeeded} seeds would show a difference of ${decimal(e.interest, 2)}.`;
  return `${e.n} seeds do not settle whether ${a} is stealthier than ${b}: ${evidence}.${needed}`;
}

/** The attacks whose ASR is too low for their score to mean stealth, a sentence each. */
export const halfLearnedWords = (attacks: readonly ScoredAttack[]): string[] =>
  attacks.filter((a) => isAttack(a) && meanAsr(a.runs) < SUCCESS).map((a) => halfLearned(a.label, meanAsr(a.runs)));

/** Pairs that are told one by one in the head of a page. */
const TOLD = 3;

/** The head of a page that compares attacks over seeds: the pairs that are settled, those that are not, and half-learned attacks. */
export function pairsLede(attacks: readonly ScoredAttack[], pairs: readonly Pair[]): string[] {
  if (pairs.length === 0) return ['No two attacks have a score at the same seed.', ...halfLearnedWords(attacks)];
  const clear = pairs.filter(isClear).sort((a, b) => b.effect.effect - a.effect.effect);
  const open = pairs.filter((p) => !isClear(p));
  const told = clear.slice(0, TOLD).map((p) => pairSentence(p, pairs.length));
  const left = clear.length - TOLD;
  const more = left > 0 ? [`${left} more of ${pairs.length} pairs ${left === 1 ? 'is' : 'are'} settled, by less.`] : [];
  const rest =
    open.length === 1 ? [pairSentence(open[0], pairs.length)] : open.length > 1 ? [openWords(open, pairs.length)] : [];
  return [
    [...told, ...more, ...rest].join(' '),
    seenWords(attacks),
    ...visibilityWords(clear),
    ...ratesDiffer(attacks),
    ...halfLearnedWords(attacks),
  ];
}

/** Whether each attack works and is seen: its ASR, and in how many of its runs information flows differently. */
function seenWords(attacks: readonly ScoredAttack[]): string {
  const told = attacks.filter(isAttack).map(({ label, runs }) => {
    const judged = runs.filter((r) => r.report.stealth && answerOf(r.report.stealth) !== 'not judged');
    const seen = judged.filter((r) => answerOf(r.report.stealth!) === 'differs').length;
    const without = judged.length < runs.length ? ' that have a p' : '';
    const words = `${label}: ASR ${decimal(meanAsr(runs), 2)}, seen in ${seen} of ${count(judged.length, 'run')}${without}`;
    return { words, everywhere: seen > 0 && seen === judged.length };
  });
  const none = told.every((a) => a.everywhere)
    ? ' Each is seen in every run, so none is stealthy, only more or less so.'
    : '';
  return `${told.map((a) => a.words).join('; ')}. An attack is seen where p ≤ ${LEVEL}: information flows differently through its poisoned samples.${none}`;
}

/** Where the attack of the most settled pair that is stealthier inside the model has the more visible trigger, so that nobody reads the one as the other. */
function visibilityWords([pair]: readonly Pair[]): string[] {
  if (!pair) return [];
  const [measure] = inputMeasures([pair.first]);
  const [a, b] = [pair.first, pair.second].map((x) => measured(x.runs[0].report, measure));
  if (a === undefined || b === undefined || !(measure.plainer === 'lower' ? a < b : a > b)) return [];
  const value = (x: number) => `${decimal(x, measure.digits)}${measure.unit ?? ''}`;
  return [
    `Stealthier means inside the model: to the eye the trigger of ${pair.first.label} is the plainer one (${measure.word} ${value(a)} against ${value(b)}).`,
  ];
}

/** Several pairs that the seeds leave open; the table of pairs has a row for each. */
function openWords(open: readonly Pair[], pairs: number): string {
  const [{ effect }] = open;
  const words = `${effect.n === 1 ? 'One seed does' : `${effect.n} seeds do`} not settle which attack is stealthier for ${open.length === pairs ? `any of ${pairs}` : `${open.length} of ${pairs}`} pairs`;
  const needed = open.map((p) => p.effect.runsNeeded ?? 0);
  const most = Math.max(...needed);
  return most > effect.n
    ? `${words}; about ${most} would show a difference of ${decimal(effect.interest, 2)} in each.`
    : `${words}.`;
}

/** A lower rate is stealthier in itself, so that attacks at different rates are compared with that said. */
function ratesDiffer(attacks: readonly ScoredAttack[]): string[] {
  const compared = attacks.filter(isAttack);
  if (new Set(compared.map((a) => a.config.poisonRate)).size < 2) return [];
  return [
    `Poison rates differ: ${compared.map((a) => `${a.label} ${rate(a.config.poisonRate)}`).join(', ')}. A lower rate is stealthier in itself, so part of a difference may come from the rate.`,
  ];
}
