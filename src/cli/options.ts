/** Command-line options from the run's schema, and what every command shares. */
import { type Command, Option } from 'commander';
import { UserError } from '../base/errors.js';
import { presets, type RunConfig, type RunRequest, runOptions } from '../experiments/config.js';

type Key = keyof RunConfig;

export const flagOf = (key: string) => `--${key.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`)}`;

/** What an option's value is called in `--help`. */
const VALUE: Partial<Record<Key, string>> = {
  dataset: 'name',
  dataDir: 'dir',
  attack: 'name',
  attackOption: 'name=value',
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

/** The part of commander's values that belongs to a run's configuration. */
export function requestOf(values: Record<string, unknown>): RunRequest {
  const request: Record<string, unknown> = {};
  for (const key of Object.keys(runOptions.shape)) if (values[key] !== undefined) request[key] = values[key];
  if (typeof request.checkpoints === 'string')
    request.checkpoints = numbers('--checkpoints', request.checkpoints, 'epochs');
  if (typeof request.source === 'string') request.source = numbers('--source', request.source, 'class numbers');
  if (typeof request.layer === 'string') request.layer = request.layer.split(',').map((name) => name.trim());
  return request as RunRequest;
}

function numbers(flag: string, text: string, what: string): number[] {
  return text.split(',').map((part) => {
    const n = Number(part);
    if (part.trim() === '' || !Number.isFinite(n))
      throw new UserError(`${flag} ${text}: ${what} are expected, such as 1,5`);
    return n;
  });
}

/** Where a run is written that was given no `--out`: `runs/<what>-<time>`. */
export function defaultOut(what: string): string {
  const stamp = new Date().toISOString().slice(0, 19).replace(/[-:]/g, '').replace('T', '-');
  return `runs/${what}-${stamp}`;
}
