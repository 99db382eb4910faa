/** Effects of findings as text and as a table. */
import { decimal, percent } from './format.js';
import type { Effect, Finding } from './types.js';

/** A value of an effect: `−12.3 %` of a share, `−0.12` of S and τ. */
export const inUnit = (unit: Effect['unit'], value: number | null): string =>
  unit === 'share' ? percent(value) : decimal(value, 2);

/** `−12.3 % to −4.0 %`; an en dash without an interval. */
export const intervalText = ({ unit, interval }: Pick<Effect, 'unit' | 'interval'>): string =>
  interval === null ? decimal(null) : interval.map((end) => inUnit(unit, end)).join(' to ');

/** How many repetitions would see the effect of interest, for an effect that is not resolved. */
function needed({ verdict, runsNeeded, n }: Effect): string | number | null {
  if (verdict !== 'not resolved') return null;
  return runsNeeded ?? (n < 2 ? 'unknown: no spread' : 'no number is enough');
}

export const EFFECT_HEAD = [
  'finding',
  'effect of',
  'effect',
  '95 %',
  'n',
  'smallest visible',
  'smallest of interest',
  'n needed',
  'verdict',
];

/** One row an effect, columns as in `EFFECT_HEAD`. */
export const effectRows = (findings: readonly Finding[]): (string | number | null)[][] =>
  findings.flatMap(({ claim, effects }) =>
    effects.map((e) => [
      claim,
      e.what,
      inUnit(e.unit, e.effect),
      intervalText(e),
      `${e.n} ${e.repeats}`,
      inUnit(e.unit, e.seen),
      inUnit(e.unit, e.interest),
      needed(e),
      e.verdict,
    ]),
  );
