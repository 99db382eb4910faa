import { findAnyAttack } from '../attacks/any.js';
import { UserError, unknownWord } from '../base/errors.js';
import { kebab, nameOf, requestOf } from '../config/flags.js';
import { runOptions } from '../config/options.js';
import type { AttackChoice, DataChoice } from './types.js';

/** `badnets,wanet@0.2,blend@0.1:alpha=0.2` → attacks with the rates and parameters that are their own. Throws `UserError`. */
export function parseAttacks(text: string): AttackChoice[] {
  return text.split(',').map((part) => {
    const [first, ...attackOption] = part.trim().split(':');
    const [name, rate, ...rest] = first.split('@');
    const { name: attack } = findAnyAttack(name);
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

/** `0,1,7`, `0-4`, or both: seeds, each once. Throws `UserError`. */
export function parseSeeds(text: string): number[] {
  const listed = text.split(',').map((part) => {
    const [from, to] = (/^\s*(\d+)-(\d+)\s*$/.exec(part) ?? []).slice(1).map(Number);
    // A range that is empty or absurdly long is refused like any other text.
    return from <= to && to - from < MOST_SEEDS ? Array.from({ length: to - from + 1 }, (_, i) => from + i) : [part];
  });
  const whole = (n: number) => Number.isInteger(n) && n >= 0;
  const seeds = parseNumbers('--seeds', listed.flat().join(','), whole, 'whole numbers from 0, such as 0-4 or 0,7,');
  return [...new Set(seeds)];
}

const MOST_SEEDS = 10_000;

/** Options of a run that may differ from data set to data set: all but those that a study varies itself. */
const SET_OPTIONS = Object.keys(runOptions.shape)
  .filter((key) => !['dataset', 'dataDir', 'attack', 'poisonRate', 'seed'].includes(key))
  .map(nameOf);

/**
 * `shapes10`, `folder:DIR`, `folder:DIR?train-limit=10000&width=16`: a data set with options of its own. Keys are flags of
 * `ibscope run` without the dashes, or `attacks` and `seeds` in place of the study's own.
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
    if (!SET_OPTIONS.includes(name))
      throw unknownWord('option of a data set', key, ['attacks', 'seeds', ...SET_OPTIONS.map((name) => kebab(name))]);
    request[name] = value;
  }
  return { ...choice, request: requestOf(request) };
}

function splitOnce(text: string, by: string): [string, string | undefined] {
  const at = text.indexOf(by);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}
