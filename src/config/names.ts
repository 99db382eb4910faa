import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import type { RunConfig } from './options.js';

/** What people call the data set of a configuration: of an image folder or an npz, the folder or the file. */
export function datasetName({ dataset, dataDir }: Pick<RunConfig, 'dataset' | 'dataDir'>): string {
  return dataDir && (dataset === 'folder' || dataset === 'npz') ? basename(dataDir).replace(/\.npz$/, '') : dataset;
}

/** The folder of a run: readable, and different where anything that matters differs. */
export function runName(config: RunConfig): string {
  const { dataDir: _, ...rest } = config;
  const sorted = Object.fromEntries(Object.entries(rest).sort(([a], [b]) => (a < b ? -1 : 1)));
  const hash = createHash('sha256').update(JSON.stringify(sorted)).digest('hex').slice(0, 8);
  const rate = config.attack === 'none' ? '' : `-${config.poisonRate}`;
  return `${datasetName(config)}-${config.model}-${config.attack}${rate}-s${config.seed}-${hash}`;
}

export const sameConfig = (a: RunConfig, b: RunConfig) => runName(a) === runName(b);
