import type { RunConfig } from '../config/options.js';
import type { Dataset } from '../datasets/index.js';
import { loadData, markSet } from '../poisoning/poisoned-set.js';
import { groupsOf } from './prepare.js';

/** Everything that the loaded data of a run depends on. */
export function dataKey({ dataset, dataDir, trainLimit, testLimit, seed, manifest }: RunConfig): string {
  return JSON.stringify([dataset, dataDir, trainLimit, testLimit, seed, manifest]);
}

/**
 * Samples in each group of each run, so that runs can be put on an equal footing; 0 where a run has no groups. Nothing is poisoned, and data
 * of one key in a row are loaded once. Throws `UserError` as `markSet` does.
 */
export async function groupSizes(configs: readonly RunConfig[]): Promise<number[]> {
  const sizes: number[] = [];
  let held: { key: string; dataset: Dataset } | undefined;
  for (const config of configs) {
    const key = dataKey(config);
    if (!held || held.key !== key) held = { key, dataset: await loadData(config) };
    const { size } = groupsOf(config, await markSet(config, held.dataset));
    sizes.push(Number.isFinite(size) ? size : 0);
  }
  return sizes;
}
