/**
 * `--config FILE`: the options of a command as YAML or JSON, by the names of their flags; `--save-config FILE` writes it, as JSON where FILE ends so.
 *
 * `{ "study": "sweep", "vary": ["alpha=0.05:0.5"], "attacks": "blend", "epochs": 8, "keep-probes": true }`. A flag that may be repeated has
 * a list; other lists are joined by commas. Flags of the command line win over the file.
 */
import { readFile } from 'node:fs/promises';
import type { Command, Option } from 'commander';
import { nearest, shown, UserError } from '../base/errors.js';
import { writeAtomic } from '../formats/files.js';
import { decodeText } from '../formats/text.js';

/** Options that mean one call of the command, and the address of a queue, which may hold a password: they are never written. */
const OF_ONE_CALL = ['config', 'save-config', 'dry-run', 'json', 'resume', 'view', 'plan', 'queue', 'detach'];

/** Names the study in a file; only for commands of `ibscope study`. */
const STUDY = 'study';

/** Adds `--config` and `--save-config` to a command. A mandatory option may stand in the file. */
export function addConfigFile(command: Command): void {
  const mandatory = command.options.filter((o) => o.mandatory);
  for (const option of mandatory) option.makeOptionMandatory(false);
  command
    .option(
      '--config <file>',
      'YAML or JSON file of options by the names of their flags; flags win over it (default none)',
    )
    .option(
      '--save-config <file>',
      'file to write the given options to, for --config: YAML, or JSON for a name in .json (default none)',
    )
    .hook('preAction', async () => {
      const { config, saveConfig } = command.opts<{ config?: string; saveConfig?: string }>();
      if (config !== undefined) takeOver(command, config, await readOptions(config));
      const missing = mandatory.find((o) => command.getOptionValue(o.attributeName()) === undefined);
      if (missing) throw new UserError(`required option '${missing.flags}' not specified`);
      if (saveConfig !== undefined) await writeAtomic(saveConfig, await textOf(given(command), saveConfig));
    });
}

/** The parser is loaded where it is needed: other commands start without it. */
const yaml = () => import('yaml');

const textOf = async (options: object, file: string) =>
  file.toLowerCase().endsWith('.json') ? `${JSON.stringify(options, null, 2)}\n` : (await yaml()).stringify(options);

const isStudy = (command: Command) => command.parent?.name() === STUDY;

const optionName = (option: Option) => option.long!.slice(2);

async function readOptions(file: string): Promise<Record<string, unknown>> {
  const bytes = await readFile(file).catch((error: NodeJS.ErrnoException) => {
    throw new UserError(`--config ${file}: ${error.code === 'ENOENT' ? 'no such file' : error.message}`);
  });
  const { parse } = await yaml();
  let parsed: unknown;
  try {
    // JSON is YAML. Strings stay as they are written: `1e-3` is a number, `no` is a word.
    parsed = parse(decodeText(bytes));
  } catch (error) {
    const why = (error as Error).message.replace(/:?\s*\n[\s\S]*$/, '');
    throw new UserError(`--config ${file}: it is not YAML (${why})`);
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed))
    throw new UserError(`--config ${file}: options by their names are expected, such as "epochs: 8"`);
  return parsed as Record<string, unknown>;
}

/** Sets the options of a file that the command line does not give. Throws `UserError` for an unknown key, and for a value no flag can have. */
function takeOver(command: Command, file: string, options: Record<string, unknown>): void {
  const known = new Map(command.options.map((o) => [optionName(o), o]));
  for (const name of ['config', 'save-config', 'help']) known.delete(name);
  for (const [key, value] of Object.entries(options)) {
    if (key === STUDY && isStudy(command)) {
      if (value !== command.name())
        throw new UserError(`--config ${file}: it is of the study ${JSON.stringify(value)}, not of ${command.name()}`);
      continue;
    }
    const option = known.get(key);
    if (!option) {
      const near = nearest(key, [...known.keys()]);
      throw new UserError(`--config ${file}: unknown key ${shown(key)}${near ? `. Did you mean "${near}"?` : ''}`);
    }
    if (command.getOptionValueSource(option.attributeName()) === 'cli') continue;
    const taken = valueFor(option, value);
    if (taken === undefined)
      throw new UserError(`--config ${file}: ${key} is ${JSON.stringify(value)}; ${expected(option)} is expected`);
    command.setOptionValueWithSource(option.attributeName(), taken === false ? undefined : taken, 'config');
  }
}

const expected = (option: Option) => (option.required ? 'a text, a number or a list of these' : 'true or false');

const isWord = (value: unknown): value is string | number =>
  (typeof value === 'string' && value !== '') || typeof value === 'number';

/** The value of an option as the command line would give it; undefined where it cannot. */
function valueFor(option: Option, value: unknown): string | boolean | string[] | undefined {
  if (!option.required) return typeof value === 'boolean' ? value : undefined;
  const list = Array.isArray(value) ? value : [value];
  if (list.length === 0 || !list.every(isWord)) return undefined;
  // Only options that may be repeated have a parser of their own.
  return option.parseArg ? list.map(String) : list.join(',');
}

/** The options that were given, sorted, as `--config` reads them. */
function given(command: Command): Record<string, unknown> {
  const entries = command.options
    .filter((o) => !OF_ONE_CALL.includes(optionName(o)))
    .flatMap((o): [string, unknown][] => {
      const source = command.getOptionValueSource(o.attributeName());
      const value = command.getOptionValue(o.attributeName());
      return value === undefined || (source !== 'cli' && source !== 'config') ? [] : [[optionName(o), written(value)]];
    })
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries([...(isStudy(command) ? [[STUDY, command.name()]] : []), ...entries]);
}

/** A number stays a number where its text is the same. */
const written = (value: unknown) =>
  typeof value === 'string' && value.trim() !== '' && String(Number(value)) === value ? Number(value) : value;
