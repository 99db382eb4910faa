/** Names that follow from a configuration: of its data set, and of the folder of its run. */
import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import type { RunConfig } from './options.js';
import { pluginsOf } from './plugins.js';

/** Name of the configuration's data set for readers; of the sources of a user's own files, the name of the folder or file. */
export function datasetName({ dataset, dataDir }: Pick<RunConfig, 'dataset' | 'dataDir'>): string {
  return dataDir && ['folder', 'npz', 'torch', 'parquet'].includes(dataset)
    ? basename(dataDir).replace(/\.(npz|pth?|parquet)$/, '')
    : dataset;
}

/** All settings in the order of their names, as text, without the place of the data set. */
function settingsText({ dataDir: _, ...rest }: RunConfig): string {
  return JSON.stringify(Object.fromEntries(Object.entries(rest).sort(([a], [b]) => (a < b ? -1 : 1))));
}

/**
 * Name of a run's folder: its main settings, and a hash of all settings and of the plugins they depend on. Where the data set lies does
 * not count.
 */
export function runName(config: RunConfig): string {
  const plugins = pluginsOf(config).map(({ sha256 }) => sha256);
  const text = [settingsText(config), ...plugins].join('\n');
  const hash = createHash('sha256').update(text).digest('hex').slice(0, 8);
  const rate = config.attack === 'none' ? '' : `-${config.poisonRate}`;
  return `${datasetName(config)}-${config.model}-${config.attack}${rate}-s${config.seed}-${hash}`;
}

/** Whether a folder is named by `runName`. */
export const isRunName = (folder: string) => /-s\d+-[0-9a-f]{8}$/.test(folder);

/** Whether two configurations describe the same run; where the data set lies does not count. */
export const sameConfig = (a: RunConfig, b: RunConfig) => settingsText(a) === settingsText(b);
