import type { RunConfig } from '../config/options.js';
import type { Dataset } from '../datasets/index.js';
import { partOf } from '../dynamics/group-id.js';
import { loadData, markSet } from '../poisoning/poisoned-set.js';
import { groupsOf } from './prepare.js';

/** Everything that the loaded data of a run depends on. */
export function dataKey({ dataset, dataDir, trainLimit, testLimit, seed, manifest }: RunConfig): string {
  return JSON.stringify([dataset, dataDir, trainLimit, testLimit, seed, manifest]);
}

/** The groups of a run as a study needs them before any run starts. */
export interface RunGroups {
  /** Samples in each group; 0 where a run has no groups. */
  size: number;
  /** A group without which there is no score, if it has too few samples, and the images of the training set. */
  short?: { group: string; samples: number; images: number };
}

/**
 * The groups of each run, so that runs can be put on an equal footing. Nothing is poisoned, and data of one key in a row are loaded
 * once. Throws `UserError` as `markSet` does.
 */
export async function runGroups(configs: readonly RunConfig[]): Promise<RunGroups[]> {
  const all: RunGroups[] = [];
  let held: { key: string; dataset: Dataset } | undefined;
  for (const config of configs) {
    const key = dataKey(config);
    if (!held || held.key !== key) held = { key, dataset: await loadData(config) };
    const marked = await markSet(config, held.dataset);
    const { size, leftOut } = groupsOf(config, marked);
    const group = [partOf(marked.target, 'backdoor'), partOf(marked.target, 'clean')].find((id) => leftOut.has(id));
    const short = group && { group, samples: leftOut.get(group)!, images: marked.poisoned.n };
    all.push({ size: Number.isFinite(size) ? size : 0, ...(short ? { short } : {}) });
  }
  return all;
}

/** Samples in each group of each run; 0 where a run has no groups. */
export const groupSizes = async (configs: readonly RunConfig[]): Promise<number[]> =>
  (await runGroups(configs)).map((g) => g.size);
