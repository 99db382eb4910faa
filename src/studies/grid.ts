/** The runs of a study from its options. */

import { findAnyAttack } from '../attacks/any.js';
import type { RunConfig, RunRequest } from '../config/options.js';
import { resolveConfig } from '../config/resolve.js';
import type { AttackChoice, StudyOptions } from './types.js';

/**
 * The rate of a clean-label attack is a share of the target class. A tenth of one class of ten is 1 % of the set, 40 of the default 4 000
 * images; a half is 5 %.
 */
const CLEAN_LABEL_RATE = 0.5;

/** The rate of an attack for which none is given; undefined: the preset's. */
export const defaultRate = (attack: string): number | undefined =>
  findAnyAttack(attack).labelling({}).rule === 'clean-label' ? CLEAN_LABEL_RATE : undefined;

/** The rates of an attack: its own, else a clean-label one's default, else all that were asked for. */
function ratesOf({ attack, rate }: AttackChoice, rates: readonly number[]): readonly number[] {
  if (attack === 'none') return [rates[0]];
  if (rate !== undefined) return [rate];
  const own = defaultRate(attack);
  return own === undefined ? rates : [own];
}

/** The runs of every attack on every data set, the first seed of all before the second of any. `request`: of the data set and the seed. */
export function eachRound(
  o: StudyOptions,
  runs: (choice: AttackChoice, request: RunRequest) => RunConfig[],
): RunConfig[] {
  const rounds = Math.max(...o.data.map((d) => (d.seeds ?? o.seeds).length));
  return Array.from({ length: rounds }, (_, round) => round).flatMap((round) =>
    o.data.flatMap(({ request, attacks = o.attacks, seeds = o.seeds }) =>
      round >= seeds.length
        ? []
        : attacks.flatMap((choice) => runs(choice, { ...o.base, ...request, seed: seeds[round] })),
    ),
  );
}

/** Every attack at each of its rates on every data set. */
export const grid = (o: StudyOptions, more: RunRequest = {}): RunConfig[] =>
  eachRound(o, (choice, request) =>
    ratesOf(choice, o.rates).map((poisonRate) => {
      const { attack, attackOption = [] } = choice;
      return resolveConfig({ ...request, ...more, attack, attackOption, poisonRate });
    }),
  );
