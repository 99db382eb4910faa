/** The command line that stands for a run. */

import { attacks } from '../attacks/index.js';
import { loadedPlugins, type PluginFile } from '../base/plugins.js';
import { shellWord } from '../base/shell.js';
import { flagOf } from '../config/flags.js';
import type { RunConfig } from '../config/options.js';
import { resolveConfig } from '../config/resolve.js';
import { datasets } from '../datasets/index.js';

/** `run --attack blend … --out DIR` as arguments; options without a value are left out. */
export function runArguments(config: Partial<Record<keyof RunConfig, unknown>>, out: string): string[] {
  const args = ['run'];
  for (const [key, value] of Object.entries(config)) {
    if (value === undefined || value === '') continue;
    // Each option of an attack has a flag of its own; other lists are one value with commas.
    const values =
      key === 'attackOption' && Array.isArray(value) ? value : [Array.isArray(value) ? value.join(',') : value];
    for (const v of values) args.push(flagOf(key), String(v));
  }
  return [...args, '--out', out];
}

/**
 * The command of a run as text, with the options that differ from its preset. `made`: the plugins that the run was made with. Null for a
 * trace, for an attack or data set that this version does not have, and for a plugin that is not loaded.
 */
export function commandOf(config: RunConfig, out: string, made: readonly PluginFile[] = []): string | null {
  const known = config.manifest !== undefined || attacks.some((a) => a.name === config.attack);
  if (!known || !datasets.some((d) => d.name === config.dataset)) return null;
  const { files } = loadedPlugins();
  const plugins = made.map(({ sha256 }) => files.find((file) => file.sha256 === sha256)?.given);
  if (plugins.includes(undefined)) return null;
  const { preset, dataset, dataDir, attack, manifest } = config;
  const plain = resolveConfig({ preset, dataset, dataDir, attack, manifest }) as Record<string, unknown>;
  const differs = Object.entries(config).filter(
    ([key, value]) => ['dataset', 'attack'].includes(key) || JSON.stringify(value) !== JSON.stringify(plain[key]),
  );
  const [run, ...options] = runArguments(Object.fromEntries(differs), out);
  return [run, ...plugins.flatMap((path) => ['--plugin', path!]), ...options].map(shellWord).join(' ');
}
