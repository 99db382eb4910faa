/** Command-line options from the run's schema, and what every command shares. */

import { type Command, Option } from 'commander';
import { flagOf } from '../config/flags.js';
import { type RunConfig, runOptions } from '../config/options.js';
import { presets } from '../config/presets.js';

type Key = keyof RunConfig;

/** What an option's value is called in `--help`. */
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
  checkpoints: 'epochs',
  critic: 'name',
  view: 'name',
  score: 'name',
  device: 'name',
  preset: 'name',
};

function defaults(key: Key): string {
  const [quick, paper] = [presets.quick, presets.paper].map((p) => (p as Record<string, unknown>)[key]);
  if (quick === undefined || (Array.isArray(quick) && quick.length === 0)) return '';
  return quick === paper ? ` (default ${quick})` : ` (quick ${quick}, paper ${paper})`;
}

/** Adds options of a run, all but `without`, in the schema's order. */
export function addRunOptions(command: Command, without: readonly Key[] = []): Command {
  for (const [key, schema] of Object.entries(runOptions.shape) as [Key, { description?: string }][]) {
    if (without.includes(key)) continue;
    const option = new Option(`${flagOf(key)} <${VALUE[key] ?? 'n'}>`, `${schema.description}${defaults(key)}`);
    if (key === 'attackOption') option.argParser((text: string, all: string[] | undefined) => [...(all ?? []), text]);
    command.addOption(option);
  }
  return command;
}

/** Where a run is written that was given no `--out`: `runs/<what>-<time>`. */
export function defaultOut(what: string): string {
  const stamp = new Date().toISOString().slice(0, 19).replace(/[-:]/g, '').replace('T', '-');
  return `runs/${what}-${stamp}`;
}
