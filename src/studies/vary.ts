/** What a sweep varies (`--vary NAME=VALUES`), and the trials that follow: a grid, or random draws. */
import { z } from 'zod';
import { findAnyAttack } from '../attacks/any.js';
import { UserError, unknownWord } from '../base/errors.js';
import { Rng } from '../base/random.js';
import { kebab } from '../config/flags.js';
import { type RunConfig, runOptions } from '../config/options.js';
import type { Sweep, VariedOption } from './types.js';

/** Options of a run that a sweep does not vary, and why. */
const NOT_VARIED: Partial<Record<keyof RunConfig, string>> = {
  dataset: 'data sets are given with --data',
  dataDir: 'data sets are given with --data',
  attack: 'attacks are given with --attacks',
  attackOption: 'name the option of the attack itself, such as alpha=0.1,0.2',
  manifest: 'a sweep poisons the data set itself',
  seed: 'seeds are given with --seeds',
  probeSize: 'the groups of all trials have one size',
  source: 'its value is a list',
  checkpoints: 'its value is a list',
};

/** Values of a range in a grid. */
const GRID_VALUES = 4;

/** Most trials of a sweep. */
const MOST_TRIALS = 10_000;

/** Schema of a value, whatever makes it optional. */
function inner(schema: unknown): unknown {
  return schema instanceof z.ZodOptional || schema instanceof z.ZodDefault ? inner(schema.unwrap()) : schema;
}

/** Schema and key of the option: of a run, else of the first attack that has it. Throws `UserError` for an unknown name. */
function optionOf(name: string, attacks: readonly string[]): { schema: unknown; key?: keyof RunConfig } {
  const run = new Map(Object.entries(runOptions.shape).map(([key, schema]) => [kebab(key), { schema, key }]));
  const own = new Map(attacks.flatMap((a) => Object.entries(findAnyAttack(a).options.shape)));
  const found = run.get(name);
  if (found) return { schema: found.schema, key: found.key as keyof RunConfig };
  if (own.has(name)) return { schema: own.get(name) };
  const allowed = [...run.values()].filter(({ key }) => !(key in NOT_VARIED)).map(({ key }) => kebab(key));
  throw unknownWord(`option of a run or of ${attacks.join(', ')}`, name, [...own.keys(), ...allowed]);
}

/**
 * `alpha=0.1,0.2`, `lr=0.01:0.1`, `lr=0.001:0.1:log` → an option with its values. NAME is an option of a run, as its flag, or an option
 * of one of `attacks`. Throws `UserError`.
 */
export function parseVary(text: string, attacks: readonly string[]): VariedOption {
  const at = text.indexOf('=');
  const refuse = (why: string) => new UserError(`--vary ${text}: ${why}`);
  if (at < 1 || at === text.length - 1) throw refuse('name=values is expected, such as alpha=0.1,0.2 or lr=0.01:0.1');
  const name = text.slice(0, at).trim();
  const { schema, key } = optionOf(name, attacks);
  const reason = key && NOT_VARIED[key];
  if (reason) throw refuse(reason);
  const type = inner(schema);
  const number = type instanceof z.ZodNumber;
  const parts = text.slice(at + 1).split(':');
  const option = key ? { name, key } : { name };
  if (number && parts.length > 1) {
    const range = rangeOf(parts, type.isInt);
    if (typeof range === 'string') throw refuse(range);
    return { ...option, values: evenly(range), range };
  }
  const values = text
    .slice(at + 1)
    .split(',')
    .map((value) => value.trim());
  if (values.includes('')) throw refuse('a value is empty');
  if (number && values.some((v) => !Number.isFinite(Number(v)))) throw refuse('numbers are expected');
  // One text for one number: 0.10 and 0.1 are the same run.
  return { ...option, values: [...new Set(number ? values.map((v) => String(Number(v))) : values)] };
}

/** A range of its texts, or what is wrong with them. */
function rangeOf(parts: readonly string[], whole: boolean): NonNullable<VariedOption['range']> | string {
  const [low, high] = parts.slice(0, 2).map((p) => (p.trim() === '' ? Number.NaN : Number(p)));
  if (parts.length > 3 || (parts.length === 3 && parts[2] !== 'log') || !(low < high) || !Number.isFinite(high - low))
    return 'low:high or low:high:log is expected, low below high';
  const log = parts.length === 3;
  if (log && low <= 0) return 'a logarithmic range begins above 0';
  if (whole && !(Number.isInteger(low) && Number.isInteger(high))) return 'whole numbers are expected';
  return { low, high, log, whole };
}

/** The value at `share` of a range, 0 … 1, with at most four significant digits. */
function valueAt({ low, high, log, whole }: NonNullable<VariedOption['range']>, share: number): string {
  const x = log ? low * (high / low) ** share : low + (high - low) * share;
  const rounded = whole ? Math.round(x) : Number(x.toPrecision(4));
  return String(Math.min(high, Math.max(low, rounded)));
}

/** A random value of a range: of a range of whole numbers each is as likely. */
function drawnFrom(range: NonNullable<VariedOption['range']>, rng: Rng): string {
  const { low, high, log, whole } = range;
  return whole && !log ? String(low + rng.int(high - low + 1)) : valueAt(range, rng.uniform());
}

const evenly = (range: NonNullable<VariedOption['range']>) => [
  ...new Set(Array.from({ length: GRID_VALUES }, (_, i) => valueAt(range, i / (GRID_VALUES - 1)))),
];

/** One value of every varied option, by its name. */
export type TrialValues = Readonly<Record<string, string>>;

/** The trials of a sweep, each once. Throws `UserError` for more than `MOST_TRIALS`. */
export function trialValues(sweep: Sweep): TrialValues[] {
  const { vary, trials } = sweep;
  const count = trials ?? vary.reduce((n, v) => n * v.values.length, 1);
  if (count > MOST_TRIALS)
    throw new UserError(`${count} trials: at most ${MOST_TRIALS} are allowed; --trials draws some of them`);
  return trials === undefined ? gridOf(vary) : drawn(sweep, trials);
}

/** Every combination of values; the last option changes fastest. */
const gridOf = (vary: readonly VariedOption[]): TrialValues[] =>
  vary.reduce<TrialValues[]>(
    (all, { name, values }) => all.flatMap((trial) => values.map((value) => ({ ...trial, [name]: value }))),
    [{}],
  );

/**
 * Random trials: a range's value is uniform on it, or uniform in its logarithm; a list's is any of its values. Every option has a random
 * stream of its own, so more trials begin with the same ones. Fewer than `count` where there are no more combinations.
 */
function drawn({ vary, seed }: Sweep, count: number): TrialValues[] {
  const streams = vary.map((v) => new Rng(seed, 'sweep', v.name));
  const found = new Map<string, TrialValues>();
  for (let draws = 0; found.size < count && draws < 100 * count; draws++) {
    const trial = Object.fromEntries(
      vary.map(({ name, values, range }, i) => [
        name,
        range ? drawnFrom(range, streams[i]) : values[streams[i].int(values.length)],
      ]),
    );
    const key = JSON.stringify(trial);
    if (!found.has(key)) found.set(key, trial);
  }
  return [...found.values()];
}
