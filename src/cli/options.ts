/** Command-line options made from the run's schema, and the options and checks that several commands share. */

import { type Command, Option } from 'commander';
import { UserError } from '../base/errors.js';
import { flagOf } from '../config/flags.js';
import { descriptionOf, type RunConfig, runOptions } from '../config/options.js';
import { presets } from '../config/presets.js';

type Key = keyof RunConfig;

/** `--json` of every command. */
export const JSON_FLAG = ['--json', 'print one JSON document on stdout and nothing else'] as const;

/** The end of a command's help: lines that work as pasted, in a checkout and beside an installed package. `after`: what they build on. */
export function examples(lines: readonly string[], after?: string): string {
  const head = `Example${lines.length > 1 ? 's' : ''}${after === undefined ? '' : `, after that of \`ibscope ${after}\``}:`;
  return `\n${head}\n${lines.map((line) => `  ${line}`).join('\n')}`;
}

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
  textColumn: 'name',
  labelColumn: 'name',
  tokenizer: 'path',
  attack: 'name',
  attackOption: 'name=value',
  manifest: 'path',
  rule: 'name',
  source: 'classes',
  model: 'name',
  layer: 'names',
  schedule: 'name',
  optimizer: 'name',
  warmup: 'epochs',
  conceal: 'λ',
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

/** Headings of the options in `--help`. */
export const HEADINGS = {
  data: 'Data:',
  attack: 'Attack:',
  model: 'Model:',
  training: 'Training:',
  measurement: 'Measurement:',
  output: 'Output:',
} as const;

/** The heading of each option of a run; `--help` has the headings in the order of `HEADINGS`. */
const HEADING_OF: Record<Key, keyof typeof HEADINGS> = {
  dataset: 'data',
  dataDir: 'data',
  textColumn: 'data',
  labelColumn: 'data',
  tokenizer: 'data',
  trainLimit: 'data',
  testLimit: 'data',
  manifest: 'data',
  attack: 'attack',
  attackOption: 'attack',
  poisonRate: 'attack',
  target: 'attack',
  rule: 'attack',
  source: 'attack',
  conceal: 'attack',
  model: 'model',
  layer: 'model',
  width: 'model',
  noise: 'model',
  epochs: 'training',
  batchSize: 'training',
  lr: 'training',
  schedule: 'training',
  warmup: 'training',
  augmentation: 'training',
  optimizer: 'training',
  momentum: 'training',
  weightDecay: 'training',
  device: 'training',
  preset: 'training',
  seed: 'training',
  checkpoints: 'measurement',
  probeSize: 'measurement',
  minimumGroup: 'measurement',
  draws: 'measurement',
  nullSplits: 'measurement',
  control: 'measurement',
  instrument: 'measurement',
  critic: 'measurement',
  view: 'measurement',
  beta: 'measurement',
  window: 'measurement',
  score: 'measurement',
};

/** Options that take names here (`class-words.ts`), and numbers alone in the dashboard's form. */
const NAMED: Partial<Record<Key, string>> = {
  target: 'target class: its number or its name',
  source: 'source classes, such as 3,5 or cat,dog; required by the rule source-specific (default none)',
};

/** The presets' defaults, in words; empty where the presets have none. */
function defaults(key: Key): string {
  const [quick, paper] = [presets.quick, presets.paper].map((p) => (p as Record<string, unknown>)[key]);
  if (quick === undefined || (Array.isArray(quick) && quick.length === 0)) return '';
  return quick === paper ? ` (default ${quick})` : ` (quick ${quick}, paper ${paper})`;
}

/**
 * Adds the options of a run except `without` under their headings, within a heading in the schema's order. What a command adds
 * afterwards belongs to its output, unless it names another heading by `optionsGroup`.
 */
export function addRunOptions(command: Command, without: readonly Key[] = []): Command {
  const headings = Object.keys(HEADINGS);
  const place = (key: Key) => headings.indexOf(HEADING_OF[key]);
  for (const key of (Object.keys(runOptions.shape) as Key[]).sort((a, b) => place(a) - place(b))) {
    if (without.includes(key)) continue;
    const line = `${NAMED[key] ?? descriptionOf(key)}${defaults(key)}`;
    const option = new Option(`${flagOf(key)} <${VALUE[key] ?? 'n'}>`, line);
    if (key === 'attackOption') option.argParser((text: string, all: string[] | undefined) => [...(all ?? []), text]);
    command.addOption(option.helpGroup(HEADINGS[HEADING_OF[key]]));
  }
  return command.optionsGroup(HEADINGS.output).helpOption(true);
}

/** Folder of a run without `--out`: `runs/<what>-<time>`. */
export function defaultOut(what: string): string {
  const stamp = new Date().toISOString().slice(0, 19).replace(/[-:]/g, '').replace('T', '-');
  return `runs/${what}-${stamp}`;
}
