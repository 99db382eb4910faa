/** The results of a run in sentences that claim no more than the numbers do. */

import { type Answer, answerOf, LEVEL, smallestRank } from '../dynamics/answer.js';
import { MINIMUM_GROUP } from '../dynamics/group-id.js';
import type { StealthResult } from '../dynamics/stealth.js';
import { SUCCESS } from '../dynamics/types.js';
import { count, decimal, percent, rate } from './format.js';
import { className } from './groups.js';
import type { RunReport } from './types.js';

/** Whether an attack works, by its ASR. */
export const successWords = (asr: number) =>
  asr >= SUCCESS ? 'the attack succeeds' : `the attack does not succeed (an ASR of ${SUCCESS} is needed)`;

/** What was done and what the model does: attack, data set, accuracy, attack success. */
export function outcome(report: RunReport): string {
  const last = report.epochs[report.epochs.length - 1];
  const { samples = 'images' } = report;
  const trained = last ? `after ${count(last.epoch, 'epoch')} ` : '';
  const accuracy = last
    ? `${report.model} classifies ${percent(last.testAccuracy)} of the test ${samples} correctly`
    : '';
  if (!report.poisoned) {
    return last
      ? `Nothing is poisoned: on ${report.dataset}, ${trained}${accuracy}.`
      : `Nothing is poisoned on ${report.dataset}; no epoch has been trained yet.`;
  }
  const share = report.poisonRate === null ? '' : ` at a poison rate of ${rate(report.poisonRate)}`;
  const attack = `${report.attack} on ${report.dataset}${share}, target ${className(report.target, report)}`;
  if (!last) return `${attack}: no epoch has been trained yet.`;
  const success =
    last.asr === null
      ? ''
      : `, and as the target class ${percent(last.asr)} of the triggered test ${samples} of other classes: ${successWords(last.asr)}`;
  return `${attack}: ${trained}${accuracy}${success}.`;
}

/** p as a text of so many decimals, or a power of ten where these would be 0. */
function chanceOf(p: number | null | undefined, decimals: number): string {
  if (typeof p !== 'number' || p >= 10 ** -decimals / 2) return decimal(p, decimals);
  return p < 1e-300 ? '< 1e-300' : p.toExponential(0);
}

/** p as a text: three decimals, or a power of ten. */
export const chanceText = (p: number | null | undefined): string => chanceOf(p, 3);

/** p beside a level of a few thousandths: four decimals, or a power of ten. */
export const preciseChance = (p: number | null | undefined): string => chanceOf(p, 4);

/** A law of the null goes further than its draws below this p. */
const EXTRAPOLATED = 0.005;

/** p with what it rests on. */
function evidenceOf({ p, rank, null: range }: StealthResult): string {
  const draws = count(range!.draws, 'draw');
  if (range!.gapsByClass)
    return `p = ${chanceText(p)} by the law of ${draws} of the null${p! < EXTRAPOLATED ? ', an extrapolation' : ''}; rank ${decimal(rank, 3)}`;
  return `p = ${chanceText(p)}, the rank among ${draws} of the null`;
}

/** What a verdict depends on besides the score. */
type Told = Pick<RunReport, 'poisoned'> & Partial<Pick<RunReport, 'config' | 'tooFewForNull'>>;

/**
 * Why there is no null although one was asked for: it divides every clean class into two groups. `samples`: the clean ones of the smallest
 * class, where they are known; `minimum`: fewest samples of a group.
 */
export const noNullWords = (samples: number | undefined, minimum = MINIMUM_GROUP): string =>
  samples === undefined
    ? `a class has fewer than ${2 * minimum} clean samples`
    : `a class has ${count(samples, 'clean sample')}, ${2 * minimum - samples} fewer than a null needs`;

/** The parts of the target class that are compared. */
const partsOf = ({ poisoned }: Pick<RunReport, 'poisoned'>) =>
  poisoned ? 'poisoned and clean samples of the target class' : 'the random subset and the rest of its class';

/** What the answer of one run means, with the numbers that it was made from. */
function answerSentence(answer: Answer, stealth: StealthResult, report: Told): string {
  const { p, null: range } = stealth;
  if (answer === 'differs')
    return `Information flows differently through ${partsOf(report)} than through two halves of a clean class${report.poisoned ? ', so the attack is not stealthy in this run' : ''} (${evidenceOf(stealth)}).`;
  if (answer === 'no difference seen')
    return `Between ${partsOf(report)} this run shows no difference beyond that of two halves of a clean class (${evidenceOf(stealth)}).`;
  if (!range)
    return Number(report.config?.nullSplits ?? 0) > 0
      ? `There is no null, and noise cannot be ruled out: ${noNullWords(report.tooFewForNull, report.config?.minimumGroup as number | undefined)}. More samples give one.`
      : 'Without a null, noise cannot be ruled out: --null-splits 4 measures one.';
  if (p === null) return 'The clean classes do not suffice for p.';
  const classes = new Set(range.labels.map((label) => label.split('/')[0])).size;
  const splits = Math.ceil((1 / LEVEL - 1) / classes);
  return `${count(range.draws, 'draw')} of the null cannot decide: the smallest p they can give is ${chanceText(smallestRank(range.draws))}, and ${LEVEL} is needed. --null-splits ${splits} can.`;
}

/** What the stealth score says, and how sure one can be. The answer is `answerOf`'s, everywhere. */
export function verdict(stealth: StealthResult | null, report: Told): string {
  if (!stealth) return 'The stealth score was not computed.';
  if (stealth.score === null) return `There is no stealth score: ${stealth.reason}.`;
  const score = `The stealth score is ${decimal(stealth.score, 2)} (1: poisoned samples flow as clean ones do)`;
  return `${score}. ${answerSentence(answerOf(stealth), stealth, report)}`;
}

/** What a verdict does not say: whether the attack works, and what one seed leaves open, with the command that answers it. */
export function cautions(
  report: Pick<RunReport, 'poisoned' | 'seeds' | 'stealth' | 'commands' | 'classNames'> & {
    epochs: readonly Pick<RunReport['epochs'][number], 'asr' | 'testAccuracy'>[];
  },
): string[] {
  const { poisoned, seeds, stealth, commands, classNames } = report;
  const last = report.epochs.at(-1);
  const [asr, accuracy] = [last?.asr ?? null, last?.testAccuracy];
  const found: string[] = [];
  // A model at chance shows nothing, whatever its p is.
  if (accuracy !== undefined && classNames && accuracy < 2 / classNames.length)
    found.push(`The model has hardly learned (clean accuracy ${percent(accuracy)}): the score says nothing yet.`);
  if (poisoned && asr !== null && asr < SUCCESS)
    found.push(
      stealth && answerOf(stealth) === 'differs'
        ? `The ASR of this attack is ${decimal(asr, 2)}, below ${SUCCESS}: what is seen here is a half-learned attack.`
        : halfLearned('this attack', asr),
    );
  if (seeds === 1 && stealth?.score != null)
    found.push(
      `One seed cannot rank attacks; \`${commands?.run ?? 'npx ibscope run …'} --seeds 0-4\` shows the spread.`,
    );
  return found;
}

/** Why the score of an attack that does not succeed says little. */
export const halfLearned = (attack: string, asr: number) =>
  `The ASR of ${attack} is ${decimal(asr, 2)}, below ${SUCCESS}: a half-learned attack may look stealthy for that reason.`;
