/** Names that follow from a configuration: of its data set, and of the folder of its run. */
import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import type { RunConfig } from './options.js';

/** Name of the configuration's data set for readers; of the sources `folder` and `npz`, the name of the folder or file. */
export function datasetName({ dataset, dataDir }: Pick<RunConfig, 'dataset' | 'dataDir'>): string {
  return dataDir && (dataset === 'folder' || dataset === 'npz') ? basename(dataDir).replace(/\.npz$/, '') : dataset;
}

/** Name of a run's folder: its main settings and a hash of all settings. Where the data set lies does not count. */
export function runName(config: RunConfig): string {
  const { dataDir: _, ...rest } = config;
  const sorted = Object.fromEntries(Object.entries(rest).sort(([a], [b]) => (a < b ? -1 : 1)));
  const hash = createHash('sha256').update(JSON.stringify(sorted)).digest('hex').slice(0, 8);
  const rate = config.attack === 'none' ? '' : `-${config.poisonRate}`;
  return `${datasetName(config)}-${config.model}-${config.attack}${rate}-s${config.seed}-${hash}`;
}

/** Whether two configurations describe the same run; where the data set lies does not count. */
export const sameConfig = (a: RunConfig, b: RunConfig) => runName(a) === runName(b);
