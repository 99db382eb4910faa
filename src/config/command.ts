/** The command lines that stand for a run. */

import { loadedPlugins, type PluginFile } from '../base/plugins.js';
import { shellWord } from '../base/shell.js';
import { flagOf } from './flags.js';
import { namesOf, type RunConfig } from './options.js';
import { resolveConfig } from './resolve.js';

type Options = Partial<Record<keyof RunConfig, unknown>>;

/** `--attack blend --epochs 8 …` as arguments; options without a value are left out. */
function flagsOf(options: Options): string[] {
  return Object.entries(options).flatMap(([key, value]) => {
    if (value === undefined || value === '') return [];
    // Each option of an attack has a flag of its own; other lists are one value with commas.
    const values =
      key === 'attackOption' && Array.isArray(value) ? value : [Array.isArray(value) ? value.join(',') : value];
    return values.flatMap((v) => [flagOf(key), String(v)]);
  });
}

/** `run --attack blend … --out DIR` as arguments. */
export const runArguments = (options: Options, out: string): string[] => ['run', ...flagsOf(options), '--out', out];

/**
 * Options of a run that differ from its preset, data set and attack among them. Null for a trace and for an attack or data set that this
 * version does not have.
 */
function differing(config: RunConfig): Options | null {
  const { preset, dataset, dataDir, attack, manifest } = config;
  const known = (key: string, name: string) => namesOf(key)!.includes(name);
  if (!known('dataset', dataset) || !(manifest !== undefined || known('attack', attack))) return null;
  const plain = resolveConfig({ preset, dataset, dataDir, attack, manifest }) as Record<string, unknown>;
  // What `plain` was made from differs from nothing, and has to be said all the same. A manifest is the attack.
  const said = [
    'dataset',
    'dataDir',
    manifest === undefined ? 'attack' : 'manifest',
    ...(preset === 'quick' ? [] : ['preset']),
  ];
  const kept = Object.entries(config).filter(
    ([key, value]) =>
      value !== undefined && (said.includes(key) || JSON.stringify(value) !== JSON.stringify(plain[key])),
  );
  return Object.fromEntries(kept);
}

const text = (args: readonly string[]) => args.map(shellWord).join(' ');

/** `--plugin FILE …` for the plugins that a run was made with; null where one is not loaded. */
function pluginFlags(made: readonly PluginFile[]): string[] | null {
  const { files } = loadedPlugins();
  const given = made.map(({ sha256 }) => files.find((file) => file.sha256 === sha256)?.given);
  return given.includes(undefined) ? null : given.flatMap((path) => ['--plugin', path!]);
}

/**
 * The command of a run as text, with the options that differ from its preset. `made`: the plugins that the run was made with. Null as
 * `differing`, and for a plugin that is not loaded.
 */
export function commandOf(config: RunConfig, out: string, made: readonly PluginFile[] = []): string | null {
  const options = differing(config);
  const plugins = pluginFlags(made);
  if (!options || !plugins) return null;
  const [run, ...rest] = runArguments(options, out);
  return text([run, ...plugins, ...rest]);
}

/**
 * Parts of the commands that run a configuration with more seeds (`run`: without seed and folder), or beside other attacks (`attack`: as
 * `--attacks` takes it, `wanet@0.2:s=1`; `options`: the flags that do not belong to it). Null as `commandOf`, and for a manifest, which
 * `compare` does not take.
 */
export function commandsOf(
  config: RunConfig,
  made: readonly PluginFile[] = [],
): { run: string; attack: string; options: string } | null {
  const options = config.manifest === undefined ? differing(config) : null;
  const plugins = pluginFlags(made);
  if (!options || !plugins) return null;
  const { seed: _, ...unseeded } = options;
  const { attack, attackOption = [], poisonRate, ...shared } = unseeded;
  const rate = poisonRate === undefined ? '' : `@${poisonRate}`;
  return {
    run: text(['npx', 'ibscope', 'run', ...plugins, ...flagsOf(unseeded)]),
    attack: [`${attack}${rate}`, ...(attackOption as string[])].join(':'),
    options: text([...plugins, ...flagsOf(shared)]),
  };
}
