/** Command-line options made from the run's schema, and the options and checks that several commands share. */

import { type Command, Option } from 'commander';
import { UserError } from '../base/errors.js';
import { flagOf } from '../config/flags.js';
import { descriptionOf, type RunConfig, runOptions } from '../config/options.js';
import { presets } from '../config/presets.js';

type Key = keyof RunConfig;

/** `--json` of every command. */
export const JSON_FLAG = ['--json', 'print one JSON document on stdout and nothing else'] as const;

/** `--plugin` of the program and of every command. `main` loads the files before it builds the program. */
export const PLUGIN_FLAG = [
  '--plugin <file>',
  'file that registers attacks, data sets or models of your own; may be repeated (default none)',
] as const;

/** A whole number given as text. Throws `UserError` for anything else, and for one below `least`. */
export function wholeNumber(flag: string, text: string, least: number): number {
  const n = Number(text);
  if (text.trim() === '' || !Number.isSafeInteger(n) || n < least)
    throw new UserError(`${flag} ${text}: a whole number from ${least} is allowed`);
  return n;
}

/** Name of an option's value in `--help`; `n` where none is given. */
const VALUE: Partial<Record<Key, string>> = {
  dataset: 'name',
  dataDir: 'dir',
  attack: 'name',
  attackOption: 'name=value',
  manifest: 'path',
  rule: 'name',
  source: 'classes',
  model: 'name',
  layer: 'names',
  schedule: 'name',
  warmup: 'epochs',
  augmentation: 'name',
  checkpoints: 'moments',
  instrument: 'names',
  control: 'name',
  critic: 'name',
  view: 'name',
  score: 'name',
  device: 'name',
  preset: 'name',
};

/** The presets' defaults, in words; empty where the presets have none. */
function defaults(key: Key): string {
  const [quick, paper] = [presets.quick, presets.paper].map((p) => (p as Record<string, unknown>)[key]);
  if (quick === undefined || (Array.isArray(quick) && quick.length === 0)) return '';
  return quick === paper ? ` (default ${quick})` : ` (quick ${quick}, paper ${paper})`;
}

/** Adds the options of a run except `without`, in the schema's order. */
export function addRunOptions(command: Command, without: readonly Key[] = []): Command {
  for (const key of Object.keys(runOptions.shape) as Key[]) {
    if (without.includes(key)) continue;
    const option = new Option(`${flagOf(key)} <${VALUE[key] ?? 'n'}>`, `${descriptionOf(key)}${defaults(key)}`);
    if (key === 'attackOption') option.argParser((text: string, all: string[] | undefined) => [...(all ?? []), text]);
    command.addOption(option);
  }
  return command;
}

/** Folder of a run without `--out`: `runs/<what>-<time>`. */
export function defaultOut(what: string): string {
  const stamp = new Date().toISOString().slice(0, 19).replace(/[-:]/g, '').replace('T', '-');
  return `runs/${what}-${stamp}`;
}
