/** The runs of an experiment from its options, and finished runs sorted into what they repeat. */
import { findAttack } from '../../attacks/index.js';
import { UserError, unknownWord } from '../../base/errors.js';
import { flagOf, nameOf, type RunConfig, type RunRequest, requestOf, resolveConfig, runOptions } from '../config.js';
import { datasetName, type StudyRun } from '../study.js';
import type { AttackChoice, DataChoice, StudyOptions } from './types.js';

/** Of clean-label attacks the rate is a share of the target class, and a tenth of that is next to nothing. */
const CLEAN_LABEL_RATE = 0.5;

/** The rates of an attack: its own, else a clean-label one's default, else all that were asked for. */
function ratesOf({ attack, rate }: AttackChoice, rates: readonly number[]): readonly number[] {
  if (attack === 'none') return [rates[0]];
  if (rate !== undefined) return [rate];
  return findAttack(attack).labelling({}).rule === 'clean-label' ? [CLEAN_LABEL_RATE] : rates;
}

/** Every attack at each of its rates on every data set, the first seed of all before the second of any. */
export function grid(o: StudyOptions, more: RunRequest = {}): RunConfig[] {
  const rounds = Math.max(...o.data.map((d) => (d.seeds ?? o.seeds).length));
  return Array.from({ length: rounds }, (_, round) => round).flatMap((round) =>
    o.data.flatMap(({ request, attacks = o.attacks, seeds = o.seeds }) =>
      round >= seeds.length
        ? []
        : attacks.flatMap((choice) =>
            ratesOf(choice, o.rates).map((poisonRate) => {
              const { attack, attackOption = [] } = choice;
              return resolveConfig({
                ...o.base,
                ...request,
                ...more,
                attack,
                attackOption,
                poisonRate,
                seed: seeds[round],
              });
            }),
          ),
    ),
  );
}

/** `badnets,wanet@0.2,blend@0.1:alpha=0.2` → attacks with the rates and parameters that are their own. Throws `UserError`. */
export function parseAttacks(text: string): AttackChoice[] {
  return text.split(',').map((part) => {
    const [first, ...attackOption] = part.trim().split(':');
    const [name, rate, ...rest] = first.split('@');
    const { name: attack } = findAttack(name);
    const own = attackOption.length > 0 ? { attackOption } : {};
    if (rate === undefined) return { attack, ...own };
    const value = Number(rate);
    if (rest.length > 0 || rate === '' || !(value > 0 && value <= 1))
      throw new UserError(
        `--attacks ${part.trim()}: name@rate:option=value is expected, a rate above 0 and at most 1, as wanet@0.2`,
      );
    return { attack, rate: value, ...own };
  });
}

/** `0,1,2` → numbers that are `allowed`. Throws `UserError` naming the flag. */
export function parseNumbers(flag: string, text: string, allowed: (n: number) => boolean, what: string): number[] {
  return text.split(',').map((part) => {
    const n = Number(part);
    if (part.trim() === '' || !allowed(n)) throw new UserError(`${flag} ${text}: ${what} are expected`);
    return n;
  });
}

export const parseSeeds = (text: string) =>
  parseNumbers('--seeds', text, (n) => Number.isInteger(n) && n >= 0, 'whole numbers from 0, such as 0,1,2,');

/** Options of a run that may differ from data set to data set: all but those that an experiment varies itself. */
const DATA_OPTIONS = Object.keys(runOptions.shape)
  .filter((key) => !['dataset', 'dataDir', 'attack', 'poisonRate', 'seed'].includes(key))
  .map(nameOf);

/**
 * `shapes10`, `folder:DIR`, `folder:DIR?train-limit=10000&width=16`: a data set with options of its own. Keys are flags of
 * `ibscope run` without the dashes, or `attacks` and `seeds` in the place of the experiment's own.
 */
export function parseData(text: string): DataChoice {
  const [place, query = ''] = splitOnce(text, '?');
  const [dataset, dataDir] = splitOnce(place, ':');
  const choice: Omit<DataChoice, 'request'> = {};
  const request: Record<string, unknown> = { dataset, ...(dataDir === undefined ? {} : { dataDir }) };
  for (const part of query.split('&').filter(Boolean)) {
    const [key, value] = splitOnce(part, '=');
    if (value === undefined) throw new UserError(`--data ${text}: option=value is expected after "?", not ${part}`);
    if (key === 'attacks') {
      choice.attacks = parseAttacks(value);
      continue;
    }
    if (key === 'seeds') {
      choice.seeds = parseSeeds(value);
      continue;
    }
    const name = key.replace(/-([a-z])/g, (_, c: string) => c.toUpperCase());
    if (!DATA_OPTIONS.includes(name))
      throw unknownWord('option of a data set', key, ['attacks', 'seeds', ...DATA_OPTIONS.map((name) => kebab(name))]);
    request[name] = value;
  }
  return { ...choice, request: requestOf(request) };
}

const kebab = (key: string) => flagOf(key).slice(2);

function splitOnce(text: string, by: string): [string, string | undefined] {
  const at = text.indexOf(by);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}

/** Runs that differ in nothing but their seed. */
export interface Repeated {
  /** `blend`, or `blend 5 % alpha=0.2` where an attack comes at several rates or with several parameters. */
  label: string;
  config: RunConfig;
  runs: StudyRun[];
}

/** Runs that differ in nothing but their attack and its rate. */
export interface Setting {
  /** The data set, with the options that tell it from other settings on the same one. */
  dataset: string;
  attacks: Repeated[];
}

const without = (config: RunConfig, keys: readonly (keyof RunConfig)[]) =>
  JSON.stringify({ ...config, ...Object.fromEntries(keys.map((k) => [k, undefined])) });

function groupBy<T>(items: readonly T[], key: (item: T) => string): T[][] {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const k = key(item);
    const group = groups.get(k);
    if (group) group.push(item);
    else groups.set(k, [item]);
  }
  return [...groups.values()];
}

/** `shapes10`, or `shapes10, noise 0.1` where there are other settings on it that differ in that. */
function titleOf(config: RunConfig, all: readonly RunConfig[], inside: readonly (keyof RunConfig)[]): string {
  const same = all.filter((c) => datasetName(c) === datasetName(config));
  const differing = (Object.keys(config) as (keyof RunConfig)[]).filter(
    (key) =>
      !inside.includes(key) &&
      key !== 'dataDir' &&
      same.some((c) => JSON.stringify(c[key]) !== JSON.stringify(config[key])),
  );
  return [
    datasetName(config),
    ...differing.map((key) => `${kebab(key).replaceAll('-', ' ')} ${config[key] ?? 'default'}`),
  ].join(', ');
}

/** Sorts runs by setting, then by attack and rate, seeds together. `apart`: options that a setting does not hold fixed. */
export function settings(runs: readonly StudyRun[], apart: readonly (keyof RunConfig)[] = []): Setting[] {
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
