/** The plugins that a configuration depends on, and whether a run is resumed with those it was made with. */
import { basename } from 'node:path';
import { attacks } from '../attacks/index.js';
import { UserError } from '../base/errors.js';
import { loadedPlugins, type PluginFile, pluginOf } from '../base/plugins.js';
import { datasets } from '../datasets/index.js';
import { models } from '../models/index.js';
import type { RunConfig } from './options.js';
import { attackOptions } from './resolve.js';

/** The plugins that registered the attack, the data set, the model or the attacker's surrogate model of a checked configuration, each once. */
export function pluginsOf(config: RunConfig): PluginFile[] {
  const named = <T extends { name: string }>(list: readonly T[], name: string | undefined) =>
    list.find((item) => item.name === name);
  const attack = named(attacks, config.attack);
  const surrogate = attack?.adversary(attackOptions(config))?.surrogate.model;
  const parts = [attack, named(datasets, config.dataset), named(models, config.model), named(models, surrogate)];
  const files = parts.flatMap((part) => (part && pluginOf(part)) ?? []);
  return [...new Map(files.map((file) => [file.sha256, file])).values()];
}

/** Throws `UserError` that says what to give, unless all plugins that the run in `path` was made with are loaded with the same content. */
export function requirePlugins(path: string, made: readonly PluginFile[] = []): void {
  const now = loadedPlugins().files;
  const missing = made.find(({ sha256 }) => !now.some((file) => file.sha256 === sha256));
  if (!missing) return;
  const short = ({ sha256 }: { sha256: string }) => `${sha256.slice(0, 12)}…`;
  const other = now.find((file) => basename(file.path) === missing.name);
  const what = `${path}: this run was made with the plugin ${missing.name} of SHA-256 ${short(missing)}`;
  throw new UserError(
    other
      ? `${what}, and ${other.given} has ${short(other)}; give the file as it was with --plugin`
      : `${what}; give it with --plugin ${missing.name}`,
  );
}

/** Whether two lists name the same contents. */
export const samePlugins = (a: readonly PluginFile[] = [], b: readonly PluginFile[] = []): boolean =>
  a.length === b.length && a.every(({ sha256 }) => b.some((file) => file.sha256 === sha256));
