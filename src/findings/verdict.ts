/**
 * From effects to verdicts. One rule for all findings, fixed before the runs are made: each finding states a direction and the smallest
 * effect of interest, and an interval over repetitions decides.
 */
import type { RankCorrelation } from '../dynamics/index.js';
import { studentQuantile } from '../dynamics/student.js';
import type { Effect, Verdict } from '../report/index.js';
import { byRank, type Spread } from './spread.js';

/**
 * What a claim says of an effect: it is above 0, below 0, other than 0 (`apart`), nearer to 0 than the effect of interest (`close`), or not
 * below 0 by the effect of interest (`holds`).
 */
export type Direction = 'above' | 'below' | 'apart' | 'close' | 'holds';

/** The axis on which errors are about normal, from and to the unit of the effect. */
export interface Axis {
  to(value: number): number;
  from(value: number): number;
}

const PLAIN: Axis = { to: (x) => x, from: (x) => x };
/** A ratio as a share: −10 % is the ratio 0.9, whose logarithm is the effect. */
export const RATIO: Axis = { to: Math.log1p, from: Math.expm1 };
/** A rank correlation, by Fisher's transformation. */
const RANK: Axis = { to: Math.atanh, from: Math.tanh };

/** What is asked of an effect; `interest` is above 0 whatever the direction. */
export interface Question extends Pick<Effect, 'what' | 'unit' | 'interest'> {
  direction: Direction;
  axis?: Axis;
}

type Interval = readonly [low: number, high: number];

/**
 * The rule. `wide`: 95 % interval; `narrow`: 90 % interval, whose two ends are the two one-sided tests of equivalence at 5 %. `interest`: the
 * effects of interest below and above 0.
 *
 * - `above`: contradicted if `wide` ends below the effect of interest, else reproduced if it begins above 0; `below` is its mirror image.
 * - `apart`: contradicted if `wide` lies between the effects of interest, else reproduced if it excludes 0.
 * - `close`: reproduced if `narrow` lies between the effects of interest, contradicted if `wide` lies outside them.
 * - `holds`: reproduced if `narrow` begins above the lower effect of interest, contradicted if `wide` ends below it.
 */
export function decide(direction: Direction, wide: Interval, narrow: Interval, [under, over]: Interval): Verdict {
  const [low, high] = wide;
  const word = (contradicted: boolean, reproduced: boolean): Verdict =>
    contradicted ? 'contradicted' : reproduced ? 'reproduced' : 'not resolved';
  switch (direction) {
    case 'above':
      return word(high < over, low > 0);
    case 'below':
      return word(low > under, high < 0);
    case 'apart':
      return word(low > under && high < over, low > 0 || high < 0);
    case 'close':
      return word(low > over || high < under, narrow[0] > under && narrow[1] < over);
    case 'holds':
      return word(high < under, narrow[0] > under);
  }
}

/** More repetitions than this are no advice. */
const MOST = 1000;

/**
 * Level and power by which repetitions are counted: 5 % and 80 %. For equivalence the truth is taken as 0 and the tests are one-sided; both have
 * to be passed in `close`, so that each may fail in 10 %.
 */
const QUANTILES: Record<Direction, readonly [level: number, power: number]> = {
  above: [0.975, 0.8],
  below: [0.975, 0.8],
  apart: [0.975, 0.8],
  close: [0.95, 0.9],
  holds: [0.95, 0.8],
};

/** (t_level + t_power) · standard error: the smallest effect that `n` repetitions see. */
function visible({ error }: Spread, n: number, [level, power]: readonly [number, number]): number {
  const { error: e, df } = error(n);
  return (studentQuantile(level, df) + studentQuantile(power, df)) * e;
}

/** Smallest number of repetitions, above those that were made, that see an effect of `reach`; null above `MOST`. */
function repetitionsNeeded(spread: Spread, direction: Direction, reach: number): number | null {
  const enough = (n: number) => visible(spread, n, QUANTILES[direction]) <= reach;
  if (!enough(MOST)) return null;
  let [low, high] = [spread.n, MOST];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (enough(middle)) high = middle;
    else low = middle;
  }
  return high;
}

/** Effect ± t_p standard errors. */
function around({ effect, n, error }: Spread, p: number): [number, number] {
  const { error: e, df } = error(n);
  const half = studentQuantile(p, df) * e;
  return [effect - half, effect + half];
}

const boundsOf = ({ axis = PLAIN, interest }: Question): [number, number] => [axis.to(-interest), axis.to(interest)];

/** The verdict on one effect. One repetition resolves nothing, and neither do too few for an error. */
export function verdictOf(spread: Spread, question: Question): Verdict {
  if (spread.n < 2 || !Number.isFinite(spread.error(spread.n).error)) return 'not resolved';
  return decide(question.direction, around(spread, 0.975), around(spread, 0.95), boundsOf(question));
}

/** Judges one effect. The smallest visible effect is (t₀.₉₇₅ + t₀.₈) standard errors, on the claimed side of 0. */
export function judge(spread: Spread, question: Question): Effect {
  const { direction, axis = PLAIN, what, unit, interest } = question;
  const { effect, n, repeats } = spread;
  const verdict = verdictOf(spread, question);
  const told = { what, unit, effect: axis.from(effect), n, repeats, interest, verdict };
  if (n < 2) return { ...told, interval: null, seen: null, runsNeeded: null };
  const below = direction === 'below' || direction === 'holds';
  const reach = Math.abs(boundsOf(question)[below ? 0 : 1]);
  const runsNeeded = verdict === 'not resolved' ? repetitionsNeeded(spread, direction, reach) : null;
  if (!Number.isFinite(spread.error(n).error)) return { ...told, interval: null, seen: null, runsNeeded };
  const [low, high] = around(spread, 0.975);
  const seen = visible(spread, n, QUANTILES.above);
  return {
    ...told,
    interval: [axis.from(low), axis.from(high)],
    seen: Math.abs(axis.from(below ? -seen : seen)),
    runsNeeded,
  };
}

/** Judges a rank correlation over attacks. */
export const judgeRank = (c: RankCorrelation, question: Omit<Question, 'unit' | 'axis'>): Effect => ({
  ...judge(byRank(c), { ...question, unit: 'τ', axis: RANK }),
  effect: c.tau,
});

const count = (verdicts: readonly Verdict[], one: Verdict) => verdicts.filter((v) => v === one).length;

/** Of a claim that every part has to show: one contradicted part contradicts it. */
export function allOf(verdicts: readonly Verdict[]): Verdict {
  if (count(verdicts, 'contradicted') > 0) return 'contradicted';
  return verdicts.length > 0 && count(verdicts, 'reproduced') === verdicts.length ? 'reproduced' : 'not resolved';
}

/** Of a claim that most parts have to show: the verdict of more than half of them. */
export function mostOf(verdicts: readonly Verdict[]): Verdict {
  const most = (['reproduced', 'contradicted'] as const).find((one) => 2 * count(verdicts, one) > verdicts.length);
  return most ?? 'not resolved';
}
