import { groupBy } from '../base/group-by.js';
import { kebab } from '../config/flags.js';
import { datasetName } from '../config/names.js';
import type { RunConfig } from '../config/options.js';
import type { ScoredRun, StudyRun } from './types.js';

/** Runs that differ in nothing but their seed. */
export interface Repeated<R = StudyRun> {
  /** `blend`, or `blend 5 % alpha=0.2` where an attack comes at several rates or with several parameters. */
  label: string;
  config: RunConfig;
  runs: R[];
}

/** Runs of one attack of which no more than score and success is needed. */
export type ScoredAttack = Repeated<ScoredRun>;

/** Runs that differ in nothing but their attack and its rate. */
export interface Setting<R = StudyRun> {
  /** The data set, with the options that tell it from other settings on the same one. */
  dataset: string;
  attacks: Repeated<R>[];
}

/** What tells triggers apart: the attack and its options. Rates of one are not other attacks, and count as one. */
export const triggerOf = ({ attack, attackOption }: RunConfig): string => [attack, ...attackOption].join(' ');

const without = (config: RunConfig, keys: readonly (keyof RunConfig)[]) =>
  JSON.stringify({ ...config, ...Object.fromEntries(keys.map((k) => [k, undefined])) });

/**
 * `shapes10`, or `shapes10, noise 0.1` where there are other settings on it that differ in that. A model that no other setting on it has says enough: what
 * else differs is what that model needs.
 */
function titleOf(config: RunConfig, all: readonly RunConfig[], inside: readonly (keyof RunConfig)[]): string {
  const same = all.filter((c) => datasetName(c) === datasetName(config));
  const differing = (Object.keys(config) as (keyof RunConfig)[]).filter(
    (key) =>
      !inside.includes(key) &&
      key !== 'dataDir' &&
      same.some((c) => JSON.stringify(c[key]) !== JSON.stringify(config[key])),
  );
  const isOnly = differing.includes('model') && same.filter((c) => c.model === config.model).length === 1;
  return [
    datasetName(config),
    ...(isOnly ? (['model'] as const) : differing).map(
      (key) => `${kebab(key).replaceAll('-', ' ')} ${config[key] ?? 'default'}`,
    ),
  ].join(', ');
}

/** Sorts runs by setting, then by attack and rate, seeds together. `apart`: options that a setting does not hold fixed. */
export function settings<R extends Pick<ScoredRun, 'config'>>(
  runs: readonly R[],
  apart: readonly (keyof RunConfig)[] = [],
): Setting<R>[] {
  const inside: (keyof RunConfig)[] = ['attack', 'attackOption', 'poisonRate', 'rule', 'source', 'seed', ...apart];
  const groups = groupBy(runs, (r) => without(r.config, inside));
  return groups.map((members) => {
    const repeated = groupBy(members, (r) => without(r.config, ['seed', ...apart]));
    const varies = (attack: string, of: (c: RunConfig) => unknown) =>
      new Set(repeated.filter(([r]) => r.config.attack === attack).map(([r]) => JSON.stringify(of(r.config)))).size > 1;
    return {
      dataset: titleOf(
        members[0].config,
        groups.map(([g]) => g.config),
        inside,
      ),
      attacks: repeated.map((group) => {
        const { config } = group[0];
        const { attack, poisonRate, attackOption } = config;
        const rate = varies(attack, (c) => c.poisonRate) ? ` ${Number((100 * poisonRate).toPrecision(3))} %` : '';
        const options =
          varies(attack, (c) => c.attackOption) && attackOption.length > 0 ? ` ${attackOption.join(' ')}` : '';
        return { label: `${attack}${rate}${options}`, config, runs: group };
      }),
    };
  });
}
