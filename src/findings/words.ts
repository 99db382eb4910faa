/** Numbers of findings in sentences. */
import { type Effect, intervalText, inUnit } from '../report/index.js';

/** `−12.3 % (95 % −20.0 % to −4.0 %, n = 3 seeds)`. */
const withInterval = (e: Effect) =>
  `${inUnit(e.unit, e.effect)} (${e.interval === null ? '' : `95 % ${intervalText(e)}, `}n = ${e.n} ${e.repeats})`;

/** What an effect is, and, where it is not resolved, what could have been seen and how many repetitions it takes. */
export function sentence(e: Effect): string {
  const measured = `${e.what}: ${withInterval(e)}.`;
  if (e.verdict !== 'not resolved') return measured;
  if (e.n < 2) return `${measured} One repetition resolves nothing.`;
  const power =
    e.seen === null
      ? 'These are too few for an interval'
      : `The smallest visible effect is ${inUnit(e.unit, e.seen)}, the smallest of interest ${inUnit(e.unit, e.interest)}`;
  const what = e.repeats === 'attacks' ? 'attacks' : 'seeds';
  const needed =
    e.runsNeeded === null
      ? `no number of ${what} up to 1000 would resolve it`
      : `about ${e.runsNeeded} ${what} would resolve it`;
  return `${measured} ${power}; ${needed}.`;
}

/** The sentences of all effects. */
export const sentences = (effects: readonly Effect[]) => effects.map(sentence).join(' ');
